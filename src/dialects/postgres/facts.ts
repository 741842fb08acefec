/** The first query of a session: who the server is, where the history is, whether anything stands in between. */
import type { HistoryDigest } from '../../plan/digest.ts'
import type { Row } from '../dialect.ts'
import { digestExpression, readDigest } from './history-digest.ts'
import type { Link, ResultSet } from './link.ts'
import { literal, nameLog } from './naming.ts'

export interface ServerFacts {
  readonly pid: number
  readonly version: string
  readonly versionNumber: number
  readonly inRecovery: boolean
  readonly readOnlyByDefault: boolean
  readonly database: string
  readonly user: string
  /** The schema of the history: the chosen one, else the first of search_path that exists; undefined if none does. */
  readonly schema: string | undefined
  /** Only where that was asked. */
  readonly isSchemaThere: boolean | undefined
  readonly now: Date
  /** Empty where the digest was asked for. */
  readonly tables: readonly HistoryCandidate[]
  /** Where it was asked for, and could be had: of a history of ours, by its columns. */
  readonly digest: HistoryDigest | undefined
}

/** A table that bears the name of the history or of its log, in whatever schema. */
export interface HistoryCandidate {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

/** JSON holds it in ISO 8601, whatever DateStyle the role or the database has. */
export function instant(expression: string): string {
  return `pg_catalog.to_json(${expression})`
}

export function toDate(value: unknown): Date | undefined {
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** One message; read-only, and nothing is set that would outlive it in a pooler's server connection. */
export function factsQuery(table: string, schema: string | undefined, wanted: Wanted = {}): string {
  return `begin transaction read only;\n${selectFacts(table, schema, wanted)};\ncommit`
}

interface Wanted {
  /** Instead of the tables: finding these takes the server as long again, and a run with nothing to do needs none. */
  readonly digest?: boolean | undefined
  /** The tables of this schema alone: with thousands of histories, listing them all takes longer than any work. */
  readonly onlyHere?: boolean | undefined
  /** Whether the schema exists. */
  readonly existence?: boolean | undefined
}

export function selectFacts(table: string, schema: string | undefined, wanted: Wanted = {}): string {
  const schemaExpression = schema === undefined ? 'pg_catalog.current_schema()' : literal(schema)
  const history =
    wanted.digest === true
      ? `${digestExpression(table, schemaExpression)} as digest`
      : `${tablesExpression(table, wanted.onlyHere === true ? schemaExpression : undefined)} as tables`
  const existence =
    wanted.existence === true
      ? `\n  exists (select from pg_catalog.pg_namespace where nspname = ${schemaExpression}) as schema_exists,`
      : ''
  return `select${existence}
  pg_catalog.pg_backend_pid() as pid,
  pg_catalog.current_setting('server_version') as version,
  pg_catalog.current_setting('server_version_num')::int as version_number,
  pg_catalog.pg_is_in_recovery() as in_recovery,
  pg_catalog.current_setting('default_transaction_read_only') = 'on' as read_only,
  pg_catalog.current_database() as database,
  current_user::text as user_name,
  ${schemaExpression}::text as schema,
  ${instant('pg_catalog.clock_timestamp()')} as now,
  ${history}`
}

function tablesExpression(table: string, schema: string | undefined): string {
  return `(select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'schema', n.nspname,
      'name', c.relname,
      'columns', (select pg_catalog.jsonb_agg(a.attname order by a.attnum)
                  from pg_catalog.pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)))
   from pg_catalog.pg_class c
   join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relname in (${literal(table)}, ${literal(nameLog(table))}) and c.relkind in ('r', 'p', 'v', 'm', 'f')
     and ${schema === undefined ? "n.nspname !~ '^pg_temp_'" : `n.nspname = ${schema}`})`
}

export function readFacts(results: readonly ResultSet[]): ServerFacts {
  const row: Row = results[0]?.rows[0] ?? {}
  return {
    pid: Number(row.pid),
    version: String(row.version),
    versionNumber: Number(row.version_number),
    inRecovery: row.in_recovery === true,
    readOnlyByDefault: row.read_only === true,
    database: String(row.database),
    user: String(row.user_name),
    schema: typeof row.schema === 'string' ? row.schema : undefined,
    isSchemaThere: typeof row.schema_exists === 'boolean' ? row.schema_exists : undefined,
    now: toDate(row.now) ?? new Date(),
    tables: Array.isArray(row.tables) ? (row.tables as HistoryCandidate[]) : [],
    digest: readDigest(row.digest),
  }
}

/**
 * A read in a read-only transaction, in one message. Without a session setting, so that it is safe through a pooler.
 * A failing statement leaves the transaction open; it is closed before the error goes on.
 */
export async function readOnly(link: Link, select: string): Promise<Row[]> {
  try {
    const results = await link.simple(`begin transaction read only;\n${select};\ncommit`)
    return [...(results[0]?.rows ?? [])]
  } catch (error) {
    if (!link.lost) await link.simple('rollback').catch(() => {})
    throw error
  }
}
