/** The schema checks of a migration, on SQLite. */
import { parseName, quoteSqliteId } from '../../sql/quote.ts'
import type { Checks, Executor } from '../dialect.ts'
import { findConstraint, listForeignKeys } from './constraints.ts'
import { assertSameDefinition } from './definition.ts'
import { findRelation, findSchemaEntry, listSchemas } from './lookup.ts'

/**
 * Names compare as SQLite compares them: without regard to the case of ASCII letters. A name without a schema is looked
 * for in temp, in main, then in what is attached; https://www.sqlite.org/lang_naming.html
 */
export function createChecks(executor: Executor): Checks {
  return {
    tableExists: async (table) => {
      const relation = await findRelation(executor, table)
      return relation !== undefined && relation.type !== 'view'
    },
    viewExists: async (view) => (await findRelation(executor, view))?.type === 'view',
    columnExists: async (table, column) => (await readColumnType(executor, table, column)) !== undefined,
    columnType: async (table, column) => await readColumnType(executor, table, column),
    indexExists: async (index, { like } = {}) => {
      const entry = await findSchemaEntry(executor, 'index', index)
      if (entry === undefined) return false
      if (like !== undefined) assertSameDefinition('index', index, entry.sql, like)
      return true
    },
    triggerExists: async (table, trigger) => {
      const relation = await findRelation(executor, table)
      const entry = await findSchemaEntry(executor, 'trigger', trigger)
      return relation !== undefined && entry?.table.toLowerCase() === relation.name.toLowerCase()
    },
    constraintExists: async (table, constraint, { like } = {}) =>
      await hasConstraint(executor, table, constraint, like),
    functionExists: async (name) => {
      const rows = await executor.query(
        'select 1 from pragma_function_list where name = ? collate nocase limit 1',
        [parseName(name).name],
      )
      return rows.length > 0
    },
    schemaExists: async (name) => {
      const wanted = parseName(name).name.toLowerCase()
      return (await listSchemas(executor)).some((schema) => schema.toLowerCase() === wanted)
    },
    rowExists: async (table, where) => await hasRow(executor, table, where),
    // SQLite has none of these; what is portable asks and goes on.
    enumExists: async () => false,
    enumValueExists: async () => false,
    extensionExists: async () => false,
    sequenceExists: async () => false,
  }
}

/** As declared, in lower case: `varchar(20)`; empty for a column without a type. */
async function readColumnType(
  executor: Executor,
  table: string,
  column: string,
): Promise<string | undefined> {
  const relation = await findRelation(executor, table)
  if (relation === undefined) return undefined
  const rows = await executor.query(
    'select type from pragma_table_xinfo(?, ?) where name = ? collate nocase',
    [relation.name, relation.schema, column],
  )
  return rows[0] === undefined ? undefined : String(rows[0].type).toLowerCase()
}

/**
 * A constraint is found by the name in the table's own text. SQLite does not name foreign keys by itself, so a foreign
 * key is also found by the name PostgreSQL would have given it: `orders_user_id_fkey`.
 */
async function hasConstraint(
  executor: Executor,
  table: string,
  constraint: string,
  like: string | undefined,
): Promise<boolean> {
  const relation = await findRelation(executor, table)
  if (relation === undefined) return false
  const stored = await findSchemaEntry(executor, 'table', table)
  const definition =
    findConstraint(stored?.sql ?? '', constraint) ??
    (await listForeignKeys(executor, relation)).get(constraint.toLowerCase())
  if (definition === undefined) return false
  if (like !== undefined) assertSameDefinition('constraint', constraint, definition, like)
  return true
}

async function hasRow(
  executor: Executor,
  table: string,
  where: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const { schema, name } = parseName(table)
  const target =
    schema === undefined ? quoteSqliteId(name) : `${quoteSqliteId(schema)}.${quoteSqliteId(name)}`
  // `is` equals `=` but for null, which it matches; https://www.sqlite.org/lang_expr.html#isisnot
  const conditions = Object.keys(where).map((column) => `${quoteSqliteId(column)} is ?`)
  const filter = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
  const rows = await executor.query(`select 1 from ${target}${filter} limit 1`, Object.values(where))
  return rows.length > 0
}
