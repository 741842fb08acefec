import { bareName } from '../../sql/bare-name.ts'
import { namesIn, readFragment } from '../fragment.ts'
import { readConstraintName, readTable } from '../names.ts'
import type { Asked, Template } from '../template.ts'
import { call, object } from '../typescript.ts'

export const addCheck: Template = {
  name: 'add-check',
  summary: 'a check, of the rows that are there too, without holding up those who write',
  details:
    'On PostgreSQL it is added `not valid`, which takes a moment, and validated in a second transaction, which reads the table while others write. Rows that violate it stop the migration there, and the next `up` goes on there. In SQL for SQLite it takes 3.53 or newer: slipway brings that, the sqlite3 of a distribution may be older.',
  required: ['table', 'check'],
  optional: ['constraint'],
  example: { table: 'orders', check: 'total >= 0' },
  typescript(asked) {
    const { table, check, name } = read(asked)
    return [
      {
        about: [],
        options: { transaction: false, resumable: true },
        up: {
          uses: ['op', 'validateConstraint'],
          lines: [
            ...call('await op.addCheck', [table.text, check, object({ name, notValid: true })]),
            ...call('await validateConstraint', [table.text, name]),
          ],
        },
        down: { uses: ['op'], lines: call('await op.dropConstraint', [table.text, name]) },
      },
    ]
  },
  sql: {
    postgres(asked) {
      const { table, check, name } = read(asked)
      const alter = `alter table ${table.sql}`
      return [
        {
          about: [],
          words: 'transaction:false',
          up: [
            `${alter} add constraint ${bareName(name)} check (${check}) not valid`,
            `${alter} validate constraint ${bareName(name)}`,
          ],
          down: [`${alter} drop constraint ${bareName(name)}`],
        },
      ]
    },
    sqlite(asked) {
      const { table, check, name } = read(asked)
      const alter = `alter table ${table.sql}`
      return [
        {
          about: [],
          up: [`${alter} add constraint ${bareName(name)} check (${check})`],
          down: [`${alter} drop constraint ${bareName(name)}`],
        },
      ]
    },
  },
}

function read(asked: Asked) {
  const table = readTable(asked)
  const check = readFragment(asked, 'check') ?? ''
  return { table, check, name: readConstraintName(asked, table, namesIn(check), 'check') }
}
