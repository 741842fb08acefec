-- migrate:up
create table ships (id integer primary key, name text not null);
-- migrate:down
drop table ships;
