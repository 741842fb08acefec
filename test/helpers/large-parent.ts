/** A SQLite file with everything that rebuilding a table could lose, and a look at all of it. */
import { createHash } from 'node:crypto'
import Database from 'better-sqlite3'

/** What a rebuild must bear; `makeLargeParent` makes fewer for those who want to be done soon. */
export const manyParents = 100_000

const schema = `
create table parent (
  id integer primary key autoincrement,
  name text collate nocase not null default 'x, y' check (length(name) < 100), -- a comment, with a comma
  mood text default 'a' constraint parent_mood_enum_check check ("mood" in ('a', 'b') /* enum mood */),
  n integer, m integer default (1 + 1), /* another ( */
  twice integer generated always as (n * 2) virtual,
  kind text,
  "odd ""name" text default 'it''s',
  up integer references parent (id) on delete set null,
  constraint n_small check (n < 1000000000) -- the last
) strict;
create table child (
  id integer primary key,
  parent_id integer not null references parent (id) on delete cascade on update cascade,
  note text
);
create table loose (parent_id integer references parent on delete set null, what text, mood text,
  constraint loose_mood_enum_check check ("mood" in ('a', 'b') /* enum mood */));
create table log (what text);
create table keyed (a text, b integer, c text, parent_id integer references parent (id), primary key (a, b)) without rowid;
create index parent_name on parent (name);
create index parent_some on parent (n desc) where kind is not null;
create index parent_up on parent (up);
create index child_parent on child (parent_id);
create index parent_lower on parent (lower(name), n);
create trigger parent_changed after update on parent begin insert into log values ('update ' || new.id); end;
create trigger child_gone after delete on child begin update parent set m = m - 1 where id = old.parent_id; end;
create view names as select p.id, p.name, count(c.id) as children
  from parent p left join child c on c.parent_id = p.id group by p.id;
create trigger names_insert instead of insert on names begin insert into parent (name) values (new.name); end;`

const rowsOf = (parents: number) => `
insert into parent (id, name, n, kind, up)
  with recursive counter (i) as (select 1 union all select i + 1 from counter where i < ${parents + 50})
  select i, 'name ' || i, i, case when i % 3 = 0 then 'k' || i end, case when i > 1 then i / 2 end from counter;
insert into child (id, parent_id, note) select id, id, 'of ' || name from parent;
insert into loose (rowid, parent_id, what, mood) select id * 7, id, 'w', 'b' from parent where id % 10 = 0;
insert into keyed select 'a' || id, id, 'c', id from parent where id % 10 = 0 and id <= ${parents};
delete from parent where id > ${parents};
delete from log;
analyze;`

export function makeLargeParent(file: string, parents = manyParents): void {
  const database = new Database(file)
  try {
    database.pragma('foreign_keys = on')
    database.exec(schema)
    database.exec(`begin; ${rowsOf(parents)} commit;`)
  } finally {
    database.close()
  }
}

/** Of what belongs to the history there may be rows as well. */
const counts = {
  sqlite_sequence: "select * from sqlite_sequence where name = 'parent'",
  sqlite_stat1: 'select * from sqlite_stat1 order by tbl, idx',
  sqlite_stat4: 'select tbl, idx, neq, nlt, ndlt, hex(sample) from sqlite_stat4 order by tbl, idx, nlt, neq',
}

const tables: Readonly<Record<string, string>> = {
  parent: 'rowid, id, name, mood, n, m, twice, up',
  child: 'rowid, *',
  loose: 'rowid, *',
  log: 'rowid, *',
  keyed: '*',
  names: '*',
}

export interface LargeSight {
  /** Number and digest of the rows of each table and view. */
  readonly rows: Readonly<Record<string, string>>
  /** All objects but the parent itself, as they are stored. */
  readonly objects: readonly string[]
  readonly parent: string
  readonly faults: readonly string[]
}

/** `without`: columns of parent that the change is about. */
export function lookAtLarge(file: string, without: readonly string[] = []): LargeSight {
  const database = new Database(file)
  try {
    const dump = (table: string, columns: string) => {
      const kept = columns.split(', ').filter((column) => !without.includes(column))
      const digest = createHash('sha256')
      let count = 0
      for (const row of database
        .prepare(`select ${kept.join(', ')} from ${table} order by 1, 2`)
        .raw()
        .iterate()) {
        digest.update(JSON.stringify(row))
        count += 1
      }
      return `${count} ${digest.digest('hex')}`
    }
    const objects = database
      .prepare<[], { type: string; name: string; sql: string | null }>(
        `select type, name, sql from sqlite_schema where tbl_name not like 'schema_migrations%' order by type, name`,
      )
      .all()
    const isParent = ({ type, name }: { type: string; name: string }) => type === 'table' && name === 'parent'
    return {
      rows: Object.fromEntries([
        ...Object.entries(tables).map(([table, columns]) => [table, dump(table, columns)]),
        ...Object.entries(counts).map(([name, text]) => [name, JSON.stringify(database.prepare(text).all())]),
      ]),
      objects: objects.filter((one) => !isParent(one)).map(({ type, name, sql }) => `${type} ${name} ${sql}`),
      parent: objects.find(isParent)?.sql ?? '',
      faults: [
        ...database.prepare<[], string>('pragma integrity_check').pluck().all(),
        ...database.prepare('pragma foreign_key_check').raw().all().map(String),
      ],
    }
  } finally {
    database.close()
  }
}
