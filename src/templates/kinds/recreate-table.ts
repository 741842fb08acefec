import { bareName } from '../../sql/bare-name.ts'
import { type Column, readColumns } from '../column.ts'
import { literalSql, tableSql } from '../column-sql.ts'
import { quoteForTable, readTable, sqlList, type TableName } from '../names.ts'
import type { Asked, Template, Unavailable } from '../template.ts'
import { literal, query, templateText } from '../typescript.ts'

const onPostgres: Unavailable = {
  why: 'it is how SQLite changes what alter table cannot; PostgreSQL can',
  instead: 'alter the table: templates add-column, drop-column, add-check … or op.alterColumn',
}

/** The steps are those of https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes */
export const recreateTable: Template = {
  name: 'recreate-table',
  summary: 'another definition for a table of SQLite, with its rows',
  details:
    'The table is made anew as `--column` says, all of its rows are copied, and its indexes and triggers are made again. `--was` gives the columns as they are now: only those that are in both are copied, and the way back is written from them. slipway turns foreign keys off meanwhile and counts the rows of other tables. In SQL the table gets its name as `--table` writes it, and SQLite minds no case; in TypeScript it keeps its own.',
  required: ['table', 'column'],
  optional: ['was'],
  example: {
    table: 'notes',
    column: ['id:integer:primary-key:identity', 'body:text:not-null', 'stars:integer:default=0'],
    was: ['id:integer:primary-key:identity', 'body:text'],
  },
  not: { postgres: onPostgres },
  typescript(asked) {
    const { table, columns, was, copied } = read(asked)
    const uses = ['sql']
    const step = {
      about: [
        'Checks, foreign keys of several columns, strict and without rowid are not known here: write them into the definition.',
        'An index or a trigger of a column that goes has to be dropped first.',
      ],
      options: { dialects: ['sqlite'] },
      up: { uses, lines: rebuild(table, columns, copied) },
    }
    return [was === undefined ? step : { ...step, down: { uses, lines: rebuild(table, was, copied) } }]
  },
  sql: {
    postgres: onPostgres,
    sqlite(asked) {
      const { table, columns, was, copied } = read(asked)
      const step = {
        about: [
          'Indexes and triggers go with the old table: write them below its new name, in both directions.',
          'In TypeScript, without --sql, they are made again by themselves.',
          'Checks, foreign keys of several columns, strict and without rowid are not known here: write them into the definition.',
        ],
        words: 'dialects:sqlite',
        up: inSql(table, columns, copied),
      }
      return [was === undefined ? step : { ...step, down: inSql(table, was, copied) }]
    },
  },
}

function rebuild(table: TableName, columns: readonly Column[], copied: readonly string[]): string[] {
  const { create, copy, rename } = steps(table, columns, copied)
  const named = `\${${literal(table.name)}} collate nocase`
  return [
    'const [old] = await sql<{ name: string }>`',
    `  select name from sqlite_schema where type = 'table' and name = ${named}\``,
    `if (!old) throw new Error(${literal(`there is no table ${table.name}`)})`,
    '// They go with the old table, and are made again from their own words.',
    'const beside = await sql<{ text: string }>`',
    '  select sql as text from sqlite_schema',
    `  where tbl_name = ${named} and type in ('index', 'trigger') and sql is not null`,
    '  order by rowid`',
    ...query(create.split('\n')),
    ...copy.flatMap((text) => query([text])),
    'await sql`pragma legacy_alter_table = on`',
    'try {',
    `  await sql\`${templateText(rename)} rename to \${sql.id(old.name)}\``,
    '} finally {',
    '  await sql`pragma legacy_alter_table = off`',
    '}',
    'for (const { text } of beside) await sql.raw(text)',
  ]
}

interface Steps {
  readonly create: string
  readonly copy: readonly string[]
  /** Without the name that it gets. */
  readonly rename: string
}

/** Views and triggers of other tables mention the table while it is not there: legacy_alter_table lets them. */
function inSql(table: TableName, columns: readonly Column[], copied: readonly string[]): string[] {
  const { create, copy, rename } = steps(table, columns, copied)
  return [
    create,
    ...copy,
    'pragma legacy_alter_table = on',
    `${rename} rename to ${bareName(table.name)}`,
    'pragma legacy_alter_table = off',
  ]
}

/** SQLite does not mind the case of a name; its own tables do. */
function steps(table: TableName, columns: readonly Column[], copied: readonly string[]): Steps {
  const name = `new_${table.name}`
  const fresh = bareName(name)
  const list = sqlList(copied)
  const counts = columns.some(({ identity }) => identity)
  const [was, is] = [literalSql(table.name, 'sqlite'), literalSql(name, 'sqlite')]
  return {
    create: tableSql(fresh, columns, 'sqlite'),
    copy: [
      `insert into ${fresh} ${list} select ${list.slice(1, -1)} from ${bareName(table.name)}`,
      ...(counts
        ? [
            `delete from sqlite_sequence where name = ${is}`,
            `update sqlite_sequence set name = ${is} where name = ${was} collate nocase`,
          ]
        : []),
      `drop table ${bareName(table.name)}`,
    ],
    rename: `alter table ${fresh}`,
  }
}

function read(asked: Asked) {
  const table = readTable(asked)
  if (table.schema !== undefined && table.schema !== 'main')
    throw asked.refuse(`a table of ${table.schema} cannot be renamed into it; SQLite has one schema`, {
      table: quoteForTable(table.name),
    })
  const columns = readColumns(asked)
  const was = asked.list('was').length === 0 ? undefined : readColumns(asked, 'was')
  const names = columns.map(({ name }) => name)
  const copied =
    was === undefined ? names : was.map(({ name }) => name).filter((name) => names.includes(name))
  if (copied.length === 0)
    throw asked.refuse('--column and --was have no column in common, and so no row could be copied', {
      was: undefined,
    })
  return { table, columns, was, copied }
}
