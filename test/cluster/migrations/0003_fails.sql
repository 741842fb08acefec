-- migrate:up
alter table ships add column port integer references ports (id);
-- migrate:down
alter table ships drop column port;
