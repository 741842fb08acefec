/** What exists, asked of the catalogues: no table lock is taken, dropped columns and broken indexes do not count. */
import { isSameDefinition } from '../../sql/postgres-definition.ts'
import { parseName } from '../../sql/quote.ts'
import type { Checks, Executor, Row } from '../dialect.ts'
import { literal } from './naming.ts'

export function createChecks(executor: Executor): Checks {
  const rows = (text: string): Promise<Row[]> => executor.query(text, [])
  const exists = async (text: string): Promise<boolean> => (await rows(text)).length > 0
  return {
    tableExists: (table) => exists(relation(table, ['r', 'p', 'f'])),
    viewExists: (view) => exists(relation(view, ['v', 'm'])),
    sequenceExists: (sequence) => exists(relation(sequence, ['S'])),
    columnExists: (table, column) => exists(findColumn(table, column)),
    columnType: async (table, column) => {
      const [row] = await rows(findColumn(table, column))
      return row === undefined ? undefined : String(row.type)
    },
    indexExists: async (index, options) => {
      const [row] = await rows(findIndex(index))
      return row !== undefined && requireAlike('index', index, String(row.definition), options?.like)
    },
    constraintExists: async (table, constraint, options) => {
      const [row] = await rows(findConstraint(table, constraint))
      const name = `${constraint} of ${table}`
      return row !== undefined && requireAlike('constraint', name, String(row.definition), options?.like)
    },
    enumExists: (name) => exists(findEnum(name)),
    enumValueExists: (name, value) =>
      exists(
        `select 1 as one from pg_catalog.pg_enum where enumlabel = ${literal(value)} and enumtypid in (select oid from (${findEnum(name)}) as e)`,
      ),
    functionExists: (name) =>
      exists(
        `select 1 as one from pg_catalog.pg_proc p where p.proname = ${nameOf(name)} and ${inSchema('p.pronamespace', name)}`,
      ),
    triggerExists: (table, trigger) =>
      exists(
        `select 1 as one from pg_catalog.pg_trigger where not tgisinternal and tgname = ${literal(trigger)} and tgrelid in (select oid from (${relation(table, ['r', 'p', 'v', 'f'])}) as t)`,
      ),
    extensionExists: (name) =>
      exists(`select 1 as one from pg_catalog.pg_extension where extname = ${literal(name)}`),
    schemaExists: (name) =>
      exists(`select 1 as one from pg_catalog.pg_namespace where nspname = ${literal(name)}`),
    rowExists: async (table, where) => {
      const { condition, values } = rowCondition(where)
      return (
        (await executor.query(`select 1 as one from ${quoted(table)} where ${condition} limit 1`, values))
          .length > 0
      )
    },
  }
}

function nameOf(text: string): string {
  return literal(parseName(text).name)
}

/** The named schema, or what an unqualified name would find along search_path. */
function inSchema(column: string, text: string): string {
  const { schema } = parseName(text)
  return schema === undefined
    ? `${column} = any (select n.oid from pg_catalog.pg_namespace n where n.nspname = any (pg_catalog.current_schemas(true)))`
    : `${column} = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${literal(schema)})`
}

function relation(text: string, kinds: readonly string[]): string {
  return `select c.oid from pg_catalog.pg_class c where c.relname = ${nameOf(text)} and c.relkind in (${kinds.map(literal).join(', ')}) and ${inSchema('c.relnamespace', text)}${firstInPath(text)}`
}

/** Of several relations of one name, the one that search_path finds first. */
function firstInPath(text: string): string {
  return parseName(text).schema === undefined ? ' and pg_catalog.pg_table_is_visible(c.oid)' : ''
}

function findColumn(table: string, column: string): string {
  return `select pg_catalog.format_type(a.atttypid, a.atttypmod) as type
from pg_catalog.pg_attribute a
where a.attname = ${literal(column)} and a.attnum > 0 and not a.attisdropped
  and a.attrelid in (${relation(table, ['r', 'p', 'f', 'v', 'm'])})`
}

function findIndex(index: string): string {
  return `select pg_catalog.pg_get_indexdef(i.indexrelid) as definition
from pg_catalog.pg_index i
where i.indisvalid and i.indexrelid in (${relation(index, ['i', 'I'])})`
}

function findConstraint(table: string, constraint: string): string {
  return `select pg_catalog.pg_get_constraintdef(k.oid) as definition
from pg_catalog.pg_constraint k
where k.conname = ${literal(constraint)} and k.conrelid in (${relation(table, ['r', 'p', 'f'])})`
}

function findEnum(text: string): string {
  return `select t.oid from pg_catalog.pg_type t where t.typtype = 'e' and t.typname = ${nameOf(text)} and ${inSchema('t.typnamespace', text)}`
}

function quoted(text: string): string {
  const { schema, name } = parseName(text)
  const id = (part: string) => `"${part.replaceAll('"', '""')}"`
  return schema === undefined ? id(name) : `${id(schema)}.${id(name)}`
}

function rowCondition(where: Readonly<Record<string, unknown>>): { condition: string; values: unknown[] } {
  const values: unknown[] = []
  const parts = Object.entries(where).map(([column, value]) => {
    const id = `"${column.replaceAll('"', '""')}"`
    if (value === null) return `${id} is null`
    values.push(value)
    return `${id} = $${values.length}`
  })
  return { condition: parts.length === 0 ? 'true' : parts.join(' and '), values }
}

/** True when the definition is the wanted one; an object of that name with another definition must not pass for it. */
async function requireAlike(
  kind: 'index' | 'constraint',
  name: string,
  found: string,
  wanted: string | undefined,
): Promise<true> {
  if (wanted === undefined || (await isSameDefinition(kind, found, wanted))) return true
  throw new Error(`${kind} ${name} exists with another definition\n  found:  ${found}\n  wanted: ${wanted}`)
}
