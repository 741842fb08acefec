import { nearest } from '../../plan/nearest.ts'
import { shellFlag, shellWord } from '../../plan/shell.ts'
import { bareName } from '../../sql/bare-name.ts'
import { type Reference, readReference } from '../column.ts'
import { foreignKeyTarget } from '../column-script.ts'
import { referenceSql } from '../column-sql.ts'
import {
  quoteForTable,
  readColumnNames,
  readConstraintName,
  readTable,
  sqlList,
  type TableName,
} from '../names.ts'
import type { Asked, Template } from '../template.ts'
import { call, object } from '../typescript.ts'

export const addForeignKey: Template = {
  name: 'add-foreign-key',
  summary: 'a foreign key, checked without holding up those who write',
  details:
    'On PostgreSQL it is added `not valid`, which takes a moment, and validated in a second transaction, which reads both tables while others write. Rows that violate it stop the migration there, and the next `up` goes on there.',
  required: ['table', 'column', 'references'],
  optional: ['onDelete', 'onUpdate', 'constraint'],
  example: { table: 'posts', column: ['author_id'], references: 'users.id', onDelete: 'cascade' },
  typescript(asked) {
    const { table, columns, target, name, onDelete, onUpdate } = read(asked)
    const options = object({ name, onDelete, onUpdate, notValid: true })
    return [
      {
        about: aboutIndex(table, columns, target),
        options: { transaction: false, resumable: true },
        up: {
          uses: ['op', 'validateConstraint'],
          lines: [
            ...call('await op.addForeignKey', [table.text, columns, foreignKeyTarget(target), options]),
            ...call('await validateConstraint', [table.text, name]),
          ],
        },
        down: { uses: ['op'], lines: call('await op.dropConstraint', [table.text, name]) },
      },
    ]
  },
  sql: {
    postgres(asked) {
      const { table, columns, target, name, onDelete, onUpdate } = read(asked)
      const alter = `alter table ${table.sql}`
      const actions = [onDelete && ` on delete ${onDelete}`, onUpdate && ` on update ${onUpdate}`].join('')
      const key = `foreign key ${sqlList(columns)} ${referenceSql(target)}${actions}`
      return [
        {
          about: aboutIndex(table, columns, target),
          words: 'transaction:false',
          up: [
            `${alter} add constraint ${bareName(name)} ${key} not valid`,
            `${alter} validate constraint ${bareName(name)}`,
          ],
          down: [`${alter} drop constraint ${bareName(name)}`],
        },
      ]
    },
    sqlite: {
      why: 'SQLite adds a foreign key only by rebuilding the table',
      instead: 'leave out --sql: in TypeScript slipway rebuilds it; or use the template recreate-table',
    },
  },
}

const actions = ['no-action', 'restrict', 'cascade', 'set-null', 'set-default'] as const

function read(asked: Asked) {
  const table = readTable(asked)
  const columns = readColumnNames(asked)
  const target = readReference(asked, asked.text('references'), 'references')
  if (target.columns.length !== columns.length)
    throw asked.refuse(
      `the key has ${columns.length} column${columns.length === 1 ? '' : 's'}, and --references names ${target.columns.length}`,
      { references: [target.table.text, columns.map(quoteForTable).join(',')].join('.') },
    )
  const name = readConstraintName(asked, table, columns, 'fkey')
  const [onDelete, onUpdate] = [readAction(asked, 'onDelete'), readAction(asked, 'onUpdate')]
  return { table, columns, target, name, onDelete, onUpdate }
}

function readAction(asked: Asked, parameter: 'onDelete' | 'onUpdate'): string | undefined {
  const text = asked.maybe(parameter)
  if (text === undefined) return undefined
  const found = actions.find((action) => action === text.toLowerCase().replace(' ', '-'))
  if (found !== undefined) return found.replace('-', ' ')
  const near = nearest(text, actions)
  const flag = parameter === 'onDelete' ? 'on-delete' : 'on-update'
  throw asked.refuse(`--${flag} is one of ${actions.join(', ')}`, { [parameter]: near })
}

function aboutIndex(table: TableName, columns: readonly string[], target: Reference): string[] {
  const flags = [shellFlag('table', table.text), ...columns.map((column) => shellFlag('column', column))]
  const name = shellWord(`index_${[table.name, ...columns].join('_')}`)
  return [
    `A delete in ${target.table.sql} looks here for rows that refer to it; without an index it reads the whole table:`,
    `slipway new ${name} --template add-index ${flags.join(' ')}`,
  ]
}
