/** Statements in the style of real products, one text each, without the closing semicolon. */

export const postgresCorpus: readonly string[] = [
  `create table users (id bigint generated always as identity primary key, email text not null unique, "Display Name" text default 'n/a; none')`,
  `create function touch() returns trigger language plpgsql as $$
begin
  -- a comment; with a semicolon
  new.updated_at := now(); /* and 'this' */
  return new;
end
$$`,
  `create function nested() returns void language plpgsql as $outer$
begin
  execute $inner$ select 1; $inner$;
  perform $$it's; fine$$;
end;
$outer$`,
  `create function add(a int, b int) returns int language sql begin atomic
  select a + b;
  select case when a > 0 then 1 else 2 end;
end`,
  `do $$ begin if true then raise notice 'one; two'; end if; end $$`,
  `insert into users (email) values ('o''brien@example.com'), (E'back\\\\slash and \\'quote\\'; here'), (U&'d\\0061t\\+000061')`,
  `/* outer /* inner; */ still; */ select 1`,
  `select 1 /* behind; */ + /* nested /* ; */ */ 2`,
  `create rule log_it as on update to users do also (insert into log values (1); insert into log values (2))`,
  `create schema app create table t (id int primary key, up int references t) create view v as select id from t`,
  `select 'größe 😀 日本', "naïve column" from "tëst"`,
  `select array['a;b', 'c']::text[] -> '{"k": "v;"}'::jsonb ->> 'k', $tag$ ; $tag$, 5 % 2`,
  `comment on table users is 'people; mostly'`,
  `create unique index users_email on users (lower(email)) where deleted_at is null`,
  `select e'a' 
  'b\\';'`,
  `select E'it\\'s'
  'still; \\' escaped'`,
  `create domain email as text check (value ~ '^[^@;]+@[^@]+$')`,
  `create type mood as enum ('sad;', 'ok')`,
  `create policy own on users using (id = current_setting('app.user')::bigint)`,
  `prepare p (int) as select $1`,
  `select a$b from t where x <> 'y'`,
  `select 'multi
line;
text'`,
]

export const sqliteCorpus: readonly string[] = [
  `create table t (id integer primary key, a text default 'x;y', "b;c" text, [d;e] text, \`f;g\` text)`,
  `create trigger tr after insert on t begin
  update t set a = case when new.a = ';' then 'end;' else 'x' end where id = new.id;
  insert into log values (1); -- end;
end`,
  `create temp trigger if not exists tr2 before delete on t when old.a is not null begin select raise(abort, 'no; end;'); end`,
  `create temporary table tt (x)`,
  `/* ; /* not nested */ select 1`,
  `select 'it''s; ok' -- not the end;
  , 2`,
  `explain create trigger tr3 after update on t begin select 1; end`,
  `insert into t (a) values (x'00ff'), ('größe 😀;')`,
  `create view v as select case a when 1 then 2 end as "end" from t`,
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select i from n`,
  `select - -1, 1--
  -1`,
  `create index i on t (a) where a <> ';'`,
]

/** A small deterministic generator (mulberry32): the same seed gives the same numbers. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const gaps = ['', ' ', '\n', '\n\n', '\t', '-- note; über 😀\n', '/* block; */', ' ;', '\n;\n', '\r\f']

/** Statements drawn from `corpus` with blanks, comments and empty statements between them. */
export function randomScript(
  corpus: readonly string[],
  seed: number,
): { text: string; statements: readonly string[] } {
  const random = randomNumbers(seed)
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? ''
  const gap = (): string => Array.from({ length: Math.floor(random() * 4) }, () => pick(gaps)).join('')
  const statements = Array.from({ length: 1 + Math.floor(random() * 8) }, () => pick(corpus))
  const pieces = statements.map(
    (statement) => `${gap()}${statement}\n${random() < 0.5 ? '-- behind\n' : ' '};`,
  )
  return { text: pieces.join('') + gap(), statements }
}
