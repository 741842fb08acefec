import { bareName } from '../../sql/bare-name.ts'
import { readFragment } from '../fragment.ts'
import { besideTable, readColumnNames, readConstraintName, readTable, sqlList } from '../names.ts'
import type { Asked, Template } from '../template.ts'
import { call, object, query } from '../typescript.ts'

export const addIndex: Template = {
  name: 'add-index',
  summary: 'an index, without holding up those who write',
  details:
    'On PostgreSQL `create index concurrently`, outside a transaction; an invalid index that an interrupted run left is made again.',
  required: ['table', 'column'],
  optional: ['unique', 'where', 'using', 'constraint'],
  example: { table: 'users', column: ['email'] },
  typescript(asked) {
    const { table, columns, index, unique, where, using } = read(asked)
    const options = object({ name: index.name, unique: unique || undefined, where, using })
    return [
      {
        about: [],
        options: { transaction: false, resumable: true },
        up: {
          uses: ['createIndexConcurrently'],
          lines: call('await createIndexConcurrently', [table.text, columns, options]),
        },
        down: {
          uses: ['dialect', 'op', 'sql'],
          lines: [
            `if (dialect === 'postgres') ${query([`drop index concurrently if exists ${index.sql}`])[0]}`,
            `else ${call('await op.dropIndex', [index.text])[0]}`,
          ],
        },
      },
    ]
  },
  sql: {
    postgres(asked) {
      const { table, columns, index, unique, where, using } = read(asked)
      const kind = unique ? 'unique index' : 'index'
      const method = using === undefined ? '' : `using ${using} `
      const on = `on ${table.sql} ${method}${sqlList(columns)}${suffix(where)}`
      return [
        {
          about: [],
          words: 'transaction:false',
          up: [`create ${kind} concurrently ${bareName(index.name)} ${on}`],
          down: [`drop index concurrently ${index.sql}`],
        },
      ]
    },
    sqlite(asked) {
      const { table, columns, index, unique, where } = read(asked)
      const kind = unique ? 'unique index' : 'index'
      return [
        {
          about: [],
          up: [`create ${kind} ${index.sql} on ${bareName(table.name)} ${sqlList(columns)}${suffix(where)}`],
          down: [`drop index ${index.sql}`],
        },
      ]
    },
  },
}

function suffix(where: string | undefined): string {
  return where === undefined ? '' : ` where ${where}`
}

function read(asked: Asked) {
  const table = readTable(asked)
  const columns = readColumnNames(asked)
  const index = besideTable(table, readConstraintName(asked, table, columns, 'idx'))
  const using = asked.maybe('using')
  if (using !== undefined && !/^[a-z_][a-z0-9_]*$/.test(using))
    throw asked.refuse(
      `--using ${using} is no method of an index; write btree, hash, gin, gist, spgist or brin`,
      { using: 'btree' },
    )
  if (using !== undefined && asked.dialect === 'sqlite')
    throw asked.refuse('SQLite has one kind of index: leave out --using', { using: undefined })
  return { table, columns, index, using, unique: asked.has('unique'), where: readFragment(asked, 'where') }
}
