import { bareName } from '../../sql/bare-name.ts'
import { nameObject } from '../../sql/object-names.ts'
import { readColumnNames, readTable } from '../names.ts'
import type { Asked, Template } from '../template.ts'
import { call, object } from '../typescript.ts'

export const setNotNull: Template = {
  name: 'set-not-null',
  summary: 'no row without a value, without holding up others while all rows are read',
  details:
    'On PostgreSQL a check is added `not valid` and validated; then `set not null` has nothing to read. Rows without a value stop it: fill them first (backfill). In SQL for SQLite it takes 3.53 or newer: slipway brings that, the sqlite3 of a distribution may be older.',
  required: ['table', 'column'],
  optional: [],
  example: { table: 'users', column: ['email'] },
  typescript(asked) {
    const { table, columns } = read(asked)
    return [
      {
        about: [],
        options: { transaction: false, resumable: true },
        up: {
          uses: ['setNotNull'],
          lines: columns.flatMap((column) => call('await setNotNull', [table.text, column])),
        },
        down: {
          uses: ['op'],
          lines: columns.flatMap((column) =>
            call('await op.alterColumn', [table.text, column, object({ nullable: true })]),
          ),
        },
      },
    ]
  },
  sql: {
    postgres(asked) {
      const { table, columns } = read(asked)
      const alter = `alter table ${table.sql}`
      const steps = columns.map((column) => ({
        column: bareName(column),
        check: bareName(nameObject(table.name, [column, 'not_null'], 'check')),
      }))
      return [
        {
          about: [],
          words: 'transaction:false',
          up: steps.flatMap(({ column, check }) => [
            `${alter} add constraint ${check} check (${column} is not null) not valid`,
            `${alter} validate constraint ${check}`,
            `${alter} alter column ${column} set not null`,
            `${alter} drop constraint ${check}`,
          ]),
          down: steps.map(({ column }) => `${alter} alter column ${column} drop not null`),
        },
      ]
    },
    sqlite(asked) {
      const { table, columns } = read(asked)
      const alter = (column: string) => `alter table ${table.sql} alter column ${bareName(column)}`
      return [
        {
          about: [],
          up: columns.map((column) => `${alter(column)} set not null`),
          down: columns.map((column) => `${alter(column)} drop not null`),
        },
      ]
    },
  },
}

function read(asked: Asked) {
  return { table: readTable(asked), columns: readColumnNames(asked) }
}
