/** Triggers that keep two names of one column equal, as lines of a migration. */
import { bareName } from '../sql/bare-name.ts'
import { nameObject } from '../sql/object-names.ts'
import type { Column } from './column.ts'
import { besideTable, type TableName } from './names.ts'
import { literal, query, templateText } from './typescript.ts'

export interface Renaming {
  readonly table: TableName
  /** As it is defined now. */
  readonly column: Column
  readonly to: string
}

/** Needs `dialect` and `sql`. */
export function makeSync(renaming: Renaming): string[] {
  return perDialect(
    postgresSync(renaming).flatMap((lines) => query(lines)),
    sqliteSync(renaming),
  )
}

export function dropSync(renaming: Renaming): string[] {
  const { table } = renaming
  const names = namesOf(renaming)
  return perDialect(
    [
      ...query([`drop trigger if exists ${bareName(names.sync)} on ${table.sql}`]),
      ...query([`drop function if exists ${besideTable(table, names.sync).sql}()`]),
    ],
    [names.insert, names.update].flatMap((name) =>
      query([`drop trigger if exists ${besideTable(table, name).sql}`]),
    ),
  )
}

function perDialect(postgres: readonly string[], sqlite: readonly string[]): string[] {
  const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`)
  return ["if (dialect === 'postgres') {", ...indent(postgres), '} else {', ...indent(sqlite), '}']
}

/** Never over 63 bytes. */
function namesOf({ table, column, to }: Renaming) {
  const named = (what: string) => nameObject(table.name, [column.name, to, what], 'key').replace(/_key$/, '')
  return { sync: named('sync'), insert: named('sync_insert'), update: named('sync_update') }
}

/** An insert may bring either; of an update the name that it changed counts, and the new one if both. */
function postgresSync(renaming: Renaming): string[][] {
  const { table, column } = renaming
  const [from, to] = [bareName(column.name), bareName(renaming.to)]
  const { sync } = namesOf(renaming)
  const run = besideTable(table, sync).sql
  const body = [
    'begin',
    "  if tg_op = 'INSERT' then",
    `    if new.${to} is null then new.${to} := new.${from}; else new.${from} := new.${to}; end if;`,
    `  elsif new.${to} is distinct from old.${to} then new.${from} := new.${to};`,
    `  else new.${to} := new.${from};`,
    '  end if;',
    '  return new;',
  ]
  const quote = dollarQuote(body.join('\n'))
  return [
    [`create function ${run}() returns trigger language plpgsql as ${quote}`, ...body, `end ${quote}`],
    [
      `create trigger ${bareName(sync)} before insert or update on ${table.sql}`,
      `for each row execute function ${run}()`,
    ],
  ]
}

/** One that the text cannot end. */
function dollarQuote(text: string): string {
  let tag = '$$'
  for (let count = 1; text.includes(tag); count += 1) tag = `$body${count}$`
  return tag
}

/**
 * They work after the row is written, and once: recursive_triggers is off, https://www.sqlite.org/pragma.html#pragma_recursive_triggers.
 * What tells one row from another depends on the table, which the migration asks: nothing checks a trigger's body when it is made.
 */
function sqliteSync(renaming: Renaming): string[] {
  const { table, column } = renaming
  const [from, to] = [bareName(column.name), bareName(renaming.to)]
  const names = namesOf(renaming)
  const target = bareName(table.name)
  const trigger = (name: string) => besideTable(table, name).sql
  const newest = `case when new.${to} is not old.${to} then new.${to} else new.${from} end`
  const differs = `when new.${from} is not new.${to} begin`
  return [
    ...askForKey(table),
    ...rawQuery([
      `create trigger ${trigger(names.insert)} after insert on ${target}`,
      differs,
      `  update ${target} set ${from} = coalesce(new.${to}, new.${from}), ${to} = coalesce(new.${to}, new.${from})`,
    ]),
    ...rawQuery([
      `create trigger ${trigger(names.update)} after update of ${from}, ${to} on ${target}`,
      differs,
      `  update ${target} set ${from} = ${newest}, ${to} = ${newest}`,
    ]),
  ]
}

/** https://www.sqlite.org/rowidtable.html: a column may have one of its names, and hides it then. */
function askForKey({ schema = 'main', name, text }: TableName): string[] {
  return [
    '// What tells its rows apart: the primary key where there is no rowid, else a name of the rowid that no column has.',
    'const [table] = await sql<{ same: string | null }>`',
    '  select case when wr = 1',
    `    then (select group_concat(printf('"%w" = new."%w"', name, name), ' and ')`,
    '      from pragma_table_info(t.name, t.schema) where pk > 0)',
    "    else (select column1 || ' = new.' || column1 from (values ('rowid'), ('_rowid_'), ('oid'))",
    '      where column1 not in (select lower(name) from pragma_table_xinfo(t.name, t.schema)) limit 1)',
    '    end as same',
    '  from pragma_table_list as t',
    `  where schema = ${inserted(literal(schema))} collate nocase and name = ${inserted(literal(name))} collate nocase\``,
    `if (!table?.same) throw new Error(${literal(`nothing tells the rows of ${text} apart`)})`,
  ]
}

/** In the text of a template literal, its value. */
function inserted(expression: string): string {
  return `\${${expression}}`
}

/** What ends in the row that the trigger is about. */
function rawQuery(lines: readonly string[]): string[] {
  return [
    'await sql.raw(`',
    ...lines.map((line) => `  ${templateText(line)}`),
    `    where ${inserted('table.same')};`,
    '  end`)',
  ]
}
