import { type Column, readColumns, replaceGiven } from '../column.ts'
import { columnSpec } from '../column-script.ts'
import { literalSql, tableSql } from '../column-sql.ts'
import { readTable, refuseTwice } from '../names.ts'
import type { Asked, Template, TemplateDialect } from '../template.ts'
import { call, object } from '../typescript.ts'

export const createTable: Template = {
  name: 'create-table',
  summary: 'a table',
  details:
    'Without a column that is `primary-key` it gets `id`, which numbers its rows. `updated_at` is set when a row is made; whoever updates one sets it, too.',
  required: ['table'],
  optional: ['column', 'timestamps', 'softDelete', 'comment'],
  example: {
    table: 'ships',
    column: ['name:text:not-null', 'built:date', 'mass:numeric(10,2):default=0'],
    timestamps: true,
    softDelete: true,
    comment: 'What sails',
  },
  typescript(asked) {
    const { table, columns, comment } = read(asked, 'timestamptz')
    const keys = columns.filter(({ primaryKey }) => primaryKey).map(({ name }) => name)
    const single = keys.length === 1
    const fields = columns.map(
      (column) => [column.name, columnSpec({ ...column, primaryKey: single && column.primaryKey })] as const,
    )
    const spec = object({ columns: { fields }, primaryKey: single ? undefined : keys, comment })
    return [
      {
        about: [],
        up: { uses: ['op'], lines: call('await op.createTable', [table.text, spec], { unfold: 2 }) },
        down: { uses: ['op'], lines: call('await op.dropTable', [table.text]) },
      },
    ]
  },
  sql: { postgres: (asked) => inSql(asked, 'postgres'), sqlite: (asked) => inSql(asked, 'sqlite') },
}

function inSql(asked: Asked, dialect: TemplateDialect) {
  const { table, columns, comment } = read(asked, dialect === 'sqlite' ? 'text' : 'timestamptz')
  const up = [tableSql(table.sql, columns, dialect)]
  if (comment !== undefined && dialect === 'postgres')
    up.push(`comment on table ${table.sql} is ${literalSql(comment, dialect)}`)
  // Not the comment alone: a line "-- migrate:down" would be a marker.
  const about = comment !== undefined && dialect === 'sqlite' ? [`The table ${table.sql}: ${comment}`] : []
  return [{ about, up, down: [`drop table ${table.sql}`] }]
}

const plain = {
  given: '',
  notNull: false,
  unique: false,
  primaryKey: false,
  identity: false,
  default: undefined,
  references: undefined,
} as const

/** `timeType`: of the columns that it adds. */
function read(asked: Asked, timeType: string) {
  const given = readColumns(asked)
  const isKeyed = given.some(({ primaryKey }) => primaryKey)
  const id: Column = { ...plain, name: 'id', type: 'bigint', primaryKey: true, identity: true }
  const time = { ...plain, type: timeType }
  const stamp = { ...time, notNull: true, default: { kind: 'now' } } as const
  const columns: readonly Column[] = [
    ...(isKeyed ? [] : [id]),
    ...given,
    ...(asked.has('timestamps')
      ? [
          { ...stamp, name: 'created_at' },
          { ...stamp, name: 'updated_at' },
        ]
      : []),
    ...(asked.has('softDelete') ? [{ ...time, name: 'deleted_at' }] : []),
  ]
  refuseTwice(
    asked,
    columns.map(({ name }) => name),
    'column',
  )
  const odd = columns.find(({ identity, primaryKey }) => identity && !primaryKey)
  if (odd !== undefined)
    throw asked.refuse(
      `${odd.name} numbers its rows, which SQLite knows of a primary key alone: add primary-key`,
      replaceGiven(asked, 'column', odd.given, odd.given.replace(':identity', ':primary-key:identity')),
    )
  return { table: readTable(asked), columns, comment: asked.maybe('comment') }
}
