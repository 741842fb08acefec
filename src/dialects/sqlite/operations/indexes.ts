/** Indexes and views: SQLite makes and drops them as PostgreSQL does. */

import { wordOf } from '../../../sql/object-names.ts'
import { parseName, quoteSqliteId } from '../../../sql/quote.ts'
import { readMarks } from '../../../sql/sqlite-marks.ts'
import { badOperation, definedOtherwise, listColumns, nameOf, refuseUnknown } from '../../operation-parts.ts'
import type { IndexColumn, Operations } from '../../operations.ts'
import { findRelation, findSchemaEntry } from '../lookup.ts'
import type { Ground } from './ground.ts'
import { listBroken, refuseBroken } from './intact.ts'
import { requireColumn, requireTable } from './stored.ts'
import { qualified } from './tables.ts'

type IndexOperations = Pick<Operations, 'createIndex' | 'dropIndex' | 'createView' | 'dropView'>

const indexOptions = ['name', 'unique', 'where', 'using', 'include']

export function indexOperations({ executor }: Ground): IndexOperations {
  return {
    createIndex: async (table, given, options = {}) => {
      const columns = listColumns<IndexColumn>(`an index of ${table}`, given)
      refuseUnknown(`an index of ${table}`, options, indexOptions)
      if (options.using !== undefined && options.using.toLowerCase() !== 'btree')
        throw badOperation(
          `SQLite has no ${options.using} indexes`,
          'leave out using, or ask context.dialect',
        )
      const stored = await requireTable(executor, table)
      const parts = columns.map((column) =>
        typeof column === 'string' ? quoteSqliteId(requireColumn(stored, column).name) : column.raw,
      )
      const words = columns.map((column) => (typeof column === 'string' ? column : wordOf(column.raw)))
      const name = options.name ?? nameOf(table, words, 'idx')
      const where = options.where === undefined ? '' : ` where ${options.where}`
      const kind = options.unique === true ? 'create unique index' : 'create index'
      const place = `${quoteSqliteId(stored.schema)}.${quoteSqliteId(name)}`
      const rest = `on ${quoteSqliteId(stored.name)} (${parts.join(', ')})${where}`
      const found = await findSchemaEntry(executor, 'index', place)
      if (found === undefined) await executor.query(`${kind} ${place} ${rest}`, [])
      else requireSame(`the index ${name}`, found.sql, `${kind} ${quoteSqliteId(name)} ${rest}`)
    },
    dropIndex: async (name) => {
      const found = await findSchemaEntry(executor, 'index', name)
      if (found === undefined) return
      if (found.sql === null)
        throw badOperation(
          `the index ${name} belongs to a constraint of ${found.table}`,
          'use op.dropConstraint',
        )
      const broken = await listBroken(executor, found.table)
      await executor.query(`drop index ${quoteSqliteId(found.schema)}.${quoteSqliteId(found.name)}`, [])
      await refuseBroken(executor, found.table, broken)
    },
    createView: async (name, query) => {
      const wanted = `create view ${quoteSqliteId(parseName(name).name)} as ${trimmed(name, query)}`
      const relation = await findRelation(executor, name)
      if (relation === undefined) {
        await executor.query(`create view ${qualified(name)} as ${trimmed(name, query)}`, [])
        return
      }
      if (relation.type !== 'view') throw definedOtherwise(`${name}`, `a ${relation.type}`, wanted)
      const [row] = await executor.query(
        `select sql from ${quoteSqliteId(relation.schema)}.sqlite_schema where type = 'view' and name = ?`,
        [relation.name],
      )
      requireSame(`the view ${name}`, String(row?.sql), wanted)
    },
    dropView: async (name) => {
      const relation = await findRelation(executor, name)
      if (relation === undefined) return
      if (relation.type !== 'view') throw badOperation(`${name} is a ${relation.type}, not a view`)
      const broken = await listBroken(executor, relation.name)
      await executor.query(`drop view ${qualified(name)}`, [])
      await refuseBroken(executor, relation.name, broken)
    },
  }
}

function trimmed(name: string, query: string): string {
  const text = query.trim().replace(/;\s*$/, '')
  if (text === '') throw badOperation(`the view ${name} has no query`)
  return text
}

/** Blanks, comments, case of words and quotes of names make no difference. */
function requireSame(what: string, found: string | null, wanted: string): void {
  const fold = (sql: string) =>
    readMarks(sql)
      .map(({ text }) => text)
      .join(' ')
      .replace(/^(create (?:unique )?(?:index|view)) if not exists /, '$1 ')
  if (found === null || fold(found) !== fold(wanted))
    throw definedOtherwise(what, found ?? '(made by a constraint)', wanted)
}
