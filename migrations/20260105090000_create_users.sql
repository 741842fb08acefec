-- migrate:up
create table users (
  id integer primary key,
  name text not null,
  created_at timestamp not null default current_timestamp
);

create table posts (
  id integer primary key,
  author_id integer not null references users (id) on delete cascade,
  title text not null,
  body text not null default ''
);

create index posts_author on posts (author_id);

-- migrate:down
drop table posts;
drop table users;
