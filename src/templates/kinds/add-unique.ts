import { bareName } from '../../sql/bare-name.ts'
import { besideTable, readColumnNames, readConstraintName, readTable, sqlList } from '../names.ts'
import type { Asked, Template } from '../template.ts'
import { call, literal, object, query } from '../typescript.ts'

export const addUnique: Template = {
  name: 'add-unique',
  summary: 'no two rows alike, without holding up those who write',
  details:
    'On PostgreSQL a unique index is built concurrently and then becomes the constraint. Rows that are alike stop it; the next `up` goes on there.',
  required: ['table', 'column'],
  optional: ['constraint'],
  example: { table: 'users', column: ['email'] },
  typescript(asked) {
    const { table, columns, name } = read(asked)
    return [
      {
        about: [],
        options: { transaction: false, resumable: true },
        up: {
          uses: ['constraintExists', 'createIndexConcurrently', 'dialect', 'op', 'sql'],
          lines: [
            `if (dialect === 'sqlite') return ${call('op.addUnique', [table.text, columns, object({ name })]).join('\n  ')}`,
            `if (await constraintExists(${literal(table.text)}, ${literal(name)})) return`,
            ...call('await createIndexConcurrently', [table.text, columns, object({ name, unique: true })]),
            ...query([`alter table ${table.sql}`, becomeConstraint(name)]),
          ],
        },
        down: { uses: ['op'], lines: call('await op.dropConstraint', [table.text, name]) },
      },
    ]
  },
  sql: {
    postgres(asked) {
      const { table, columns, name } = read(asked)
      return [
        {
          about: [],
          words: 'transaction:false',
          up: [
            `create unique index concurrently ${bareName(name)} on ${table.sql} ${sqlList(columns)}`,
            `alter table ${table.sql} ${becomeConstraint(name)}`,
          ],
          down: [`alter table ${table.sql} drop constraint ${bareName(name)}`],
        },
      ]
    },
    sqlite(asked) {
      const { table, columns, name } = read(asked)
      const index = besideTable(table, name).sql
      return [
        {
          about: [],
          up: [`create unique index ${index} on ${bareName(table.name)} ${sqlList(columns)}`],
          down: [`drop index ${index}`],
        },
      ]
    },
  },
}

function becomeConstraint(name: string): string {
  return `add constraint ${bareName(name)} unique using index ${bareName(name)}`
}

function read(asked: Asked) {
  const table = readTable(asked)
  const columns = readColumnNames(asked)
  return { table, columns, name: readConstraintName(asked, table, columns, 'key') }
}
