-- migrate:up
alter table ships add column tonnage integer;
-- migrate:down
alter table ships drop column tonnage;
