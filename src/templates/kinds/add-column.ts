import { bareName } from '../../sql/bare-name.ts'
import { type Column, readColumns, replaceGiven } from '../column.ts'
import { columnSpec } from '../column-script.ts'
import { columnSql } from '../column-sql.ts'
import { quoteForFlag, readTable } from '../names.ts'
import type { Asked, SqlStep, Template, TemplateDialect } from '../template.ts'
import { call } from '../typescript.ts'

export const addColumn: Template = {
  name: 'add-column',
  summary: 'columns for a table that has rows',
  details:
    'Refused are columns that cannot be added to a table with rows, or only while everybody waits: `not-null` without a default, `unique`, `identity` and `primary-key`.',
  required: ['table', 'column'],
  optional: [],
  example: { table: 'users', column: ['age:integer', 'level:text:not-null:default=new'] },
  typescript(asked) {
    const { table, columns } = read(asked)
    return [
      {
        about: aboutDefaults(columns),
        up: {
          uses: ['op'],
          lines: columns.flatMap((column) =>
            call('await op.addColumn', [table.text, column.name, columnSpec(column)]),
          ),
        },
        down: {
          uses: ['op'],
          lines: columns
            .toReversed()
            .map(({ name }) => call('await op.dropColumn', [table.text, name]).join('')),
        },
      },
    ]
  },
  sql: { postgres: (asked) => inSql(asked, 'postgres'), sqlite: (asked) => inSql(asked, 'sqlite') },
}

function inSql(asked: Asked, dialect: TemplateDialect): SqlStep[] {
  const { table, columns } = read(asked)
  if (dialect === 'sqlite') refuseForSqlite(asked, columns)
  const alter = `alter table ${table.sql}`
  return [
    {
      about: dialect === 'postgres' ? aboutDefaults(columns) : [],
      up: columns.map((column) => `${alter} add column ${columnSql(column, dialect, false)}`),
      down: columns.toReversed().map(({ name }) => `${alter} drop column ${bareName(name)}`),
    },
  ]
}

function read(asked: Asked) {
  const columns = readColumns(asked)
  for (const column of columns) refuseUnsafe(asked, column)
  return { table: readTable(asked), columns }
}

function refuseUnsafe(asked: Asked, column: Column): void {
  const { name, type } = column
  if (column.primaryKey || column.identity)
    throw asked.refuse(
      `${column.identity ? 'identity' : 'primary-key'} would write every row of the table anew while all others wait`,
      replaceGiven(asked, 'column', column.given, `${quoteForFlag(name)}:${type}`),
    )
  if (column.unique)
    throw asked.refuse(
      'unique would build an index while all writers wait: add the column, then template add-unique, which does not',
      replaceGiven(asked, 'column', column.given, `${quoteForFlag(name)}:${type}`),
    )
  if (column.notNull && (column.default === undefined || isNull(column)))
    throw asked.refuse(
      `${name} is not-null without a default, and the rows that are there have no value for it: give it one, or add it empty, fill it (backfill) and then set-not-null`,
      replaceGiven(asked, 'column', column.given, `${quoteForFlag(name)}:${type}:not-null:default=VALUE`),
    )
}

function isNull(column: Column): boolean {
  return column.default?.kind === 'value' && column.default.value === null
}

/** https://www.sqlite.org/lang_altertable.html#alter_table_add_column */
function refuseForSqlite(asked: Asked, columns: readonly Column[]): void {
  const varying = columns.find((column) => column.default !== undefined && column.default.kind !== 'value')
  if (varying !== undefined)
    throw asked.refuse(
      `SQLite adds no column with a default that is not constant, and ${varying.name} has one`,
      'leave out --sql: in TypeScript the table is rebuilt',
    )
  const referring = columns.find(({ references, default: value }) => references && value)
  if (referring !== undefined)
    throw asked.refuse(
      `SQLite adds no column that refers and has a default, as ${referring.name} does`,
      'leave out --sql: in TypeScript the table is rebuilt',
    )
}

function aboutDefaults(columns: readonly Column[]): string[] {
  if (!columns.some((column) => column.default?.kind === 'sql')) return []
  return [
    'PostgreSQL writes the whole table anew for a default that differs from row to row, as gen_random_uuid() does, and',
    'all others wait. On a large table add the column without it, set the default, then fill the rows in batches.',
  ]
}
