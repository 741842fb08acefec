/** The parsed configuration: the only form in which settings travel. All times are milliseconds. */
import type { SlipwayError } from '../errors.ts'
import type { Redactor } from '../redact.ts'
import type { Hooks } from './hook.ts'
import type { ListenAddress } from './listen.ts'
import type { Found } from './source.ts'
import type { DatabaseUrl } from './url.ts'
import type { ParsedUrl } from './url-problem.ts'

/** SLIPWAY_TENANTS as it was found, and what it takes to make sense of it. */
export interface TenantsSetting {
  /** Throws secret-twice, secret-unreadable. */
  readonly find: () => Found
  /** SLIPWAY_SHARD. */
  readonly shard: Found | undefined
  /** The same variables count as for the database's own URL. `name`: how messages call it. Throws bad-url. */
  readonly parseUrl: (text: string, place: { readonly name: string; readonly cwd: string }) => ParsedUrl
  /** More that must never be printed. */
  readonly learn: (secrets: Iterable<string>) => void
}

export interface Config {
  /** Undefined until a verb that needs a database asks for it: see requireDatabase in load.ts. */
  readonly databaseUrl: DatabaseUrl | undefined
  /** Why there is no databaseUrl: what requireDatabase throws. */
  readonly databaseProblem?: SlipwayError
  /** Where scratch databases are made. */
  readonly scratchUrl: DatabaseUrl | undefined
  /** Why there is no scratchUrl, although one is given. */
  readonly scratchProblem?: SlipwayError
  /** Absolute. */
  readonly dir: string
  /** The folder of the project's own templates, absolute; undefined: the usual one. */
  readonly templates: string | undefined
  readonly allowEmpty: boolean
  /** Absent: one database. What it says is read by those who need it: see tenants.ts. */
  readonly tenants?: TenantsSetting
  /** SLIPWAY_SHARD without tenants, as messages call it. */
  readonly strayShard?: string
  readonly concurrency: number
  readonly maxFailures: number | undefined
  /** Behind a tenant's own in search_path. */
  readonly sharedSchemas: readonly string[]
  readonly createSchemas: boolean
  readonly allowNoTenants: boolean
  readonly table: string
  readonly schema: string | undefined
  /** SET ROLE after connecting. */
  readonly role: string | undefined
  /** Roles that may read the history; `public` in any letter case is everybody. */
  readonly grantSelectTo: readonly string[]
  readonly createDatabase: boolean
  readonly waitTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly ddlLockTimeoutMs: number
  readonly ddlRetryForMs: number
  readonly statementTimeoutMs: number
  /** Of a whole run; 0: none. Only backfills heed it. */
  readonly maxDurationMs: number
  readonly shutdownTimeoutMs: number
  /** How often, during a long statement, a second connection checks that the server still knows this session. */
  readonly keepaliveMs: number
  readonly pooler: 'auto' | 'session' | 'transaction'
  readonly outOfOrder: 'error' | 'warn' | 'allow'
  /** `host` is an address or a name without brackets; port 0: any that is free. */
  readonly listen: ListenAddress
  /** Absolute. */
  readonly tokenFile: string | undefined
  readonly onFailure: 'stay' | 'exit'
  /** How old may be what `serve` shows of the database. */
  readonly refreshMs: number
  /** Absolute. */
  readonly metricsFile: string | undefined
  readonly pushgateway: URL | undefined
  readonly pushJob: string
  readonly onAhead: 'allow' | 'error' | 'allow-breaking'
  /** Absolute, or `-` for stdout. */
  readonly report: string | undefined
  /** Absolute. */
  readonly backupDir: string | undefined
  /** Statements of migrations are logged. */
  readonly echo: boolean
  readonly logFormat: 'pretty' | 'json'
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  /** SLIPWAY_ENV, else ENV, else NODE_ENV; dev and prod spelled out. */
  readonly env: string | undefined
  /** Of the config file; absent without. */
  readonly hooks?: Hooks | undefined
  readonly redact: Redactor
  /** Things to tell once a reporter exists: unknown SLIPWAY_* variables, ignored URL parameters. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}
