/** Finds what a name stands for, the way SQLite resolves names. */
import { parseName, quoteSqliteId } from '../../sql/quote.ts'
import type { Executor } from '../dialect.ts'

export interface Relation {
  readonly schema: string
  readonly name: string
  /** `table`, `view`, `virtual` or `shadow`; https://www.sqlite.org/pragma.html#pragma_table_list */
  readonly type: string
}

/** A row of sqlite_schema; https://www.sqlite.org/schematab.html */
export interface SchemaEntry {
  readonly schema: string
  readonly name: string
  readonly table: string
  /** Null for an index that a constraint made. */
  readonly sql: string | null
}

/** In the order in which names are looked for: temp, main, then the attached ones. */
export async function listSchemas(executor: Executor): Promise<string[]> {
  const rows = await executor.query('select name from pragma_database_list order by seq', [])
  return ['temp', ...rows.map((row) => String(row.name)).filter((name) => name !== 'temp')]
}

export async function findRelation(executor: Executor, text: string): Promise<Relation | undefined> {
  const { schema, name } = parseName(text)
  const rows = await executor.query(
    'select schema, name, type from pragma_table_list where name = ? collate nocase',
    [name],
  )
  const relations = rows.map((row) => ({
    schema: String(row.schema),
    name: String(row.name),
    type: String(row.type),
  }))
  for (const candidate of await candidateSchemas(executor, schema)) {
    const found = relations.find((relation) => relation.schema.toLowerCase() === candidate.toLowerCase())
    if (found !== undefined) return found
  }
  return undefined
}

export async function findSchemaEntry(
  executor: Executor,
  type: 'table' | 'index' | 'trigger',
  text: string,
): Promise<SchemaEntry | undefined> {
  const { schema, name } = parseName(text)
  for (const candidate of await candidateSchemas(executor, schema)) {
    const [row] = await executor.query(
      `select name, tbl_name, sql
       from ${quoteSqliteId(candidate)}.sqlite_schema
       where type = ? and name = ? collate nocase`,
      [type, name],
    )
    if (row !== undefined)
      return {
        schema: candidate,
        name: String(row.name),
        table: String(row.tbl_name),
        sql: typeof row.sql === 'string' ? row.sql : null,
      }
  }
  return undefined
}

/** Only schemas that exist: asking another one is an error. */
async function candidateSchemas(executor: Executor, schema: string | undefined): Promise<string[]> {
  const schemas = await listSchemas(executor)
  if (schema === undefined) return schemas
  return schemas.filter((known) => known.toLowerCase() === schema.toLowerCase())
}
