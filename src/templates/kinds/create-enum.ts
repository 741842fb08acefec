import { bareName, barePath } from '../../sql/bare-name.ts'
import { nameObject } from '../../sql/object-names.ts'
import { literalSql } from '../column-sql.ts'
import { readColumnNames, readTable, refuseTwice } from '../names.ts'
import type { Asked, Template } from '../template.ts'
import { call } from '../typescript.ts'

export const createEnum: Template = {
  name: 'create-enum',
  summary: 'an enum, and a column of it',
  details:
    'With `--table` and `--column NAME` a column of this type is added, too. SQLite has no enums: there the column is text with a check of its values.',
  required: ['enum', 'value'],
  optional: ['table', 'column'],
  example: { enum: 'order_state', value: ['open', 'paid', 'sent'], table: 'orders', column: ['state'] },
  typescript(asked) {
    const { type, values, table, columns } = read(asked)
    return [
      {
        about: [],
        up: {
          uses: ['op'],
          lines: [
            ...call('await op.createEnum', [type.text, values]),
            ...columns.flatMap((column) => call('await op.addColumn', [table?.text, column, type.text])),
          ],
        },
        down: {
          uses: ['op'],
          lines: [
            ...columns.flatMap((column) => call('await op.dropColumn', [table?.text, column])),
            ...call('await op.dropEnum', [type.text]),
          ],
        },
      },
    ]
  },
  sql: {
    postgres(asked) {
      const { type, values, table, columns } = read(asked)
      const list = values.map((value) => literalSql(value, 'postgres')).join(', ')
      const alter = `alter table ${table?.sql}`
      return [
        {
          about: [],
          up: [
            `create type ${type.sql} as enum (${list})`,
            ...columns.map((column) => `${alter} add column ${bareName(column)} ${type.sql}`),
          ],
          down: [
            ...columns.map((column) => `${alter} drop column ${bareName(column)}`),
            `drop type ${type.sql}`,
          ],
        },
      ]
    },
    sqlite(asked) {
      const { values, table, columns } = read(asked)
      if (table === undefined)
        throw asked.refuse(
          'SQLite has no enums, only checks of columns: say which column is to have these values',
          { table: asked.maybe('table') ?? 'orders', column: ['state'] },
        )
      const list = values.map((value) => literalSql(value, 'sqlite')).join(', ')
      const alter = `alter table ${barePath(table)}`
      return [
        {
          about: [],
          up: columns.map((column) => {
            const check = bareName(nameObject(table.name, [column], 'check'))
            return `${alter} add column ${bareName(column)} text constraint ${check} check (${bareName(column)} in (${list}))`
          }),
          down: columns.map((column) => `${alter} drop column ${bareName(column)}`),
        },
      ]
    },
  },
}

/** https://www.postgresql.org/docs/current/datatype-enum.html: a label is as long as a name at most. */
const longestLabel = 63

function read(asked: Asked) {
  const values = asked.list('value')
  refuseTwice(asked, values, 'value')
  const long = values.find((value) => Buffer.byteLength(value) > longestLabel)
  if (long !== undefined)
    throw asked.refuse(
      `--value: ${long} is longer than the ${longestLabel} bytes that PostgreSQL takes`,
      asked.example('value', long),
    )
  const columns = readColumnNames(asked)
  const isHalf = (asked.maybe('table') === undefined) !== (columns.length === 0)
  if (isHalf)
    throw asked.refuse('--table and --column belong together', {
      table: asked.maybe('table') ?? 'orders',
      column: columns.length === 0 ? ['state'] : asked.list('column'),
    })
  const table = columns.length === 0 ? undefined : readTable(asked)
  return { type: readTable(asked, asked.text('enum'), 'enum'), values, table, columns }
}
