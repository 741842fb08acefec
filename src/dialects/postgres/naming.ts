/** Where the history lives, as SQL. */
import { SlipwayError } from '../../errors.ts'
import { postgresNameBytes, quotePostgresId, quotePostgresLiteral } from '../../sql/quote.ts'

export interface HistoryNames {
  readonly schema: string
  readonly table: string
  /** `"schema"."table"`. Always qualified: a migration may change search_path. */
  readonly history: string
  readonly log: string
  /** Made by the first backfill; a name that is too long for it is refused there. */
  readonly progress: string
  /** `schema.table`, for people. */
  readonly shown: string
  readonly lockKey: { readonly classId: number; readonly objectId: number }
}

/** 'slip' in ASCII. With objsubid 2, `select * from pg_locks where classid = 1936484720` finds every slipway lock. */
export const lockClass = 0x736c6970

export function nameLog(table: string): string {
  return `${table}_log`
}

export function nameProgress(table: string): string {
  return `${table}_progress`
}

/** Throws bad-setting for a name that PostgreSQL would cut. */
export function nameHistory(schema: string, table: string): HistoryNames {
  const log = nameLog(table)
  requireWholeName(schema, 'SLIPWAY_SCHEMA')
  requireWholeName(log, 'SLIPWAY_TABLE')
  return {
    schema,
    table,
    history: `${quotePostgresId(schema)}.${quotePostgresId(table)}`,
    log: `${quotePostgresId(schema)}.${quotePostgresId(log)}`,
    progress: `${quotePostgresId(schema)}."${nameProgress(table).replaceAll('"', '""')}"`,
    shown: `${schema}.${table}`,
    get lockKey() {
      // Loading it takes 2 ms, and most starts need no lock.
      const { crc32 } = process.getBuiltinModule('node:zlib')
      return { classId: lockClass, objectId: crc32(`${schema}.${table}`) | 0 }
    },
  }
}

/** Throws bad-setting. */
export function requireWholeName(name: string, setting: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes <= postgresNameBytes) return
  throw new SlipwayError(
    'bad-setting',
    `the name ${name} has ${bytes} bytes, of which PostgreSQL would keep ${postgresNameBytes}`,
    { hint: `give ${setting} a shorter name` },
  )
}

export const literal = quotePostgresLiteral
