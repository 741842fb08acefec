/** Indexes and views. */
import { wordOf } from '../../../sql/object-names.ts'
import type { Executor, Row } from '../../dialect.ts'
import { badOperation, definedOtherwise, listColumns, nameOf, refuseUnknown } from '../../operation-parts.ts'
import type { IndexColumn, IndexOptions, Operations } from '../../operations.ts'
import { describeKind, findRelation, type Relation, requireTable } from './catalogue.ts'
import { askScratch } from './scratch.ts'
import { list, literal, qualified, quoteId } from './text.ts'

type IndexOperations = Pick<Operations, 'createIndex' | 'dropIndex' | 'createView' | 'dropView'>

export function indexOperations(executor: Executor): IndexOperations {
  return {
    createIndex: async (table, given, options = {}) => {
      const columns = listColumns<IndexColumn>(`an index of ${table}`, given)
      refuseUnknown(`an index of ${table}`, options, ['name', 'unique', 'where', 'using', 'include'])
      const words = columns.map((column) => (typeof column === 'string' ? column : wordOf(column.raw)))
      const name = options.name ?? nameOf(table, words, 'idx')
      const relation = await requireTable(executor, table)
      const text = (target: string, as: string = name) => indexText(as, target, columns, options)
      const found = await findRelation(executor, `${quoteId(relation.schema)}.${quoteId(name)}`)
      if (found === undefined) await executor.query(text(relation.quoted), [])
      else await requireSameIndex(executor, { table: relation, found, text })
    },
    dropIndex: async (name) => {
      const found = await findRelation(executor, name)
      if (found === undefined) return
      if (!'iI'.includes(found.kind))
        throw badOperation(`${name} is a ${describeKind(found.kind)}, not an index`)
      await executor.query(`drop index ${found.quoted}`, [])
    },
    createView: async (name, query) => {
      const text = query.trim().replace(/;\s*$/, '')
      if (text === '') throw badOperation(`the view ${name} has no query`)
      const found = await findRelation(executor, name)
      if (found === undefined) await executor.query(`create view ${qualified(name)} as ${text}`, [])
      else await requireSameView(executor, found, text)
    },
    dropView: async (name) => {
      const found = await findRelation(executor, name)
      if (found === undefined) return
      if (found.kind !== 'v') throw badOperation(`${name} is a ${describeKind(found.kind)}, not a view`)
      await executor.query(`drop view ${found.quoted}`, [])
    },
  }
}

function indexText(
  name: string,
  target: string,
  columns: readonly IndexColumn[],
  options: IndexOptions,
): string {
  const parts = columns.map((column) => (typeof column === 'string' ? quoteId(column) : column.raw))
  return [
    options.unique === true ? 'create unique index' : 'create index',
    quoteId(name),
    `on ${target}`,
    ...(options.using === undefined ? [] : [`using ${quoteId(options.using.toLowerCase())}`]),
    `(${parts.join(', ')})`,
    ...(options.include === undefined ? [] : [`include ${list(listColumns('include', options.include))}`]),
    ...(options.where === undefined ? [] : [`where ${options.where}`]),
  ].join(' ')
}

interface IndexQuestion {
  readonly table: Relation
  readonly found: Relation
  /** `as`: another name for it. */
  readonly text: (target: string, as?: string) => string
}

async function requireSameIndex(executor: Executor, { table, found, text }: IndexQuestion): Promise<void> {
  const name = found.name
  const has = 'iI'.includes(found.kind) ? await readIndex(executor, found.oid) : undefined
  if (has === undefined)
    throw definedOtherwise(`${name}`, `a ${describeKind(found.kind)}`, text(table.quoted))
  const [row] = await askScratch(
    executor,
    table,
    (scratch) => [
      `${scratch.create} table ${scratch.name} (like ${table.quoted})`,
      text(scratch.path, scratchIndex),
    ],
    ({ path }) =>
      indexTextOf(
        `(select indexrelid from pg_catalog.pg_index where indrelid = ${literal(path)}::pg_catalog.regclass)`,
      ),
  )
  const wants = toIndex(row)
  if (has.table !== table.oid || has.shape !== wants.shape || !has.valid)
    throw definedOtherwise(
      `the index ${name}`,
      has.valid ? has.definition : `${has.definition} (not valid)`,
      text(table.quoted),
    )
}

/** In the schema of an existing index no other may have its name. */
const scratchIndex = '_slipway_wanted_idx'

interface StoredIndex {
  readonly table: string
  readonly definition: string
  /** All that makes it what it is, without names. */
  readonly shape: string
  readonly valid: boolean
}

async function readIndex(executor: Executor, oid: string): Promise<StoredIndex> {
  const [row] = await executor.query(indexTextOf(oid), [])
  return toIndex(row)
}

/** `oid`: a number, or an expression for one. */
function indexTextOf(oid: string): string {
  return `select i.indrelid::text as table, i.indisvalid as valid, pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  pg_catalog.concat_ws(' ', i.indisunique, m.amname, i.indnkeyatts, i.indclass, i.indcollation, i.indoption,
    (select pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, false) order by k)
     from pg_catalog.generate_series(1, i.indnatts) as k),
    pg_catalog.pg_get_expr(i.indpred, i.indrelid)) as shape
from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_am m on m.oid = c.relam
where i.indexrelid = ${oid}`
}

function toIndex(row: Row | undefined): StoredIndex {
  return {
    table: String(row?.table),
    definition: String(row?.definition),
    shape: String(row?.shape),
    valid: row?.valid === true,
  }
}

async function requireSameView(executor: Executor, found: Relation, query: string): Promise<void> {
  const definitionOf = (oid: string) => `select pg_catalog.pg_get_viewdef(${oid}) as definition`
  if (found.kind !== 'v')
    throw definedOtherwise(found.name, `a ${describeKind(found.kind)}`, `create view as ${query}`)
  const [has] = await executor.query(definitionOf(found.oid), [])
  const [wants] = await askScratch(
    executor,
    found,
    ({ create, name }) => [`${create} view ${name} as ${query}`],
    ({ path }) => definitionOf(`${literal(path)}::pg_catalog.regclass`),
  )
  if (has?.definition !== wants?.definition)
    throw definedOtherwise(`the view ${found.name}`, String(has?.definition), String(wants?.definition))
}
