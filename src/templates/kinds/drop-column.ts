import { bareName } from '../../sql/bare-name.ts'
import { readColumns, replaceGiven } from '../column.ts'
import { columnSpec } from '../column-script.ts'
import { columnSql } from '../column-sql.ts'
import { quoteForFlag, readTable } from '../names.ts'
import type { Asked, SqlStep, Template, TemplateDialect } from '../template.ts'
import { call } from '../typescript.ts'

export const dropColumn: Template = {
  name: 'drop-column',
  summary: 'columns that no app uses any more',
  details:
    'The columns are given as they are defined, since the way back adds them again; what they held is gone. First deploy an app that does without them.',
  required: ['table', 'column'],
  optional: [],
  example: { table: 'users', column: ['nickname:text'] },
  typescript(asked) {
    const { table, columns } = read(asked)
    return [
      {
        about: [
          ...about,
          'To keep older images from running against the result: export const options = { breaking: true }',
        ],
        up: {
          uses: ['op'],
          lines: columns.flatMap(({ name }) => call('await op.dropColumn', [table.text, name])),
        },
        down: {
          uses: ['op'],
          lines: columns.flatMap((column) =>
            call('await op.addColumn', [table.text, column.name, columnSpec(column)]),
          ),
        },
      },
    ]
  },
  sql: { postgres: (asked) => inSql(asked, 'postgres'), sqlite: (asked) => inSql(asked, 'sqlite') },
}

const about = [
  'No running app may read or write these columns: first deploy one that does without them, then this.',
  'The way back adds them again, empty: what they held is gone.',
]

function inSql(asked: Asked, dialect: TemplateDialect): SqlStep[] {
  const { table, columns } = read(asked)
  const alter = `alter table ${table.sql}`
  return [
    {
      about:
        dialect === 'postgres'
          ? about
          : [
              ...about,
              'SQLite drops no column that an index, a view, a trigger or a check mentions: drop those first.',
            ],
      up: columns.map(({ name }) => `${alter} drop column ${bareName(name)}`),
      down: columns.map((column) => `${alter} add column ${columnSql(column, dialect, false)}`),
    },
  ]
}

function read(asked: Asked) {
  const columns = readColumns(asked)
  const bare = columns.find(({ notNull, default: value }) => notNull && value === undefined)
  if (bare !== undefined)
    throw asked.refuse(
      `the way back adds ${bare.name} to a table that has rows, and not-null leaves them without a value: give it a default`,
      replaceGiven(
        asked,
        'column',
        bare.given,
        `${quoteForFlag(bare.name)}:${bare.type}:not-null:default=VALUE`,
      ),
    )
  const key = columns.find(({ primaryKey, identity }) => primaryKey || identity)
  if (key !== undefined)
    throw asked.refuse(`${key.name} cannot be added again as a key`, 'leave the key where it is')
  return { table: readTable(asked), columns }
}
