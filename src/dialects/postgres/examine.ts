/** What `doctor` says of a server: who we are there, what we may do, and what stands in between. Reads only. */
import { isSocketDirectory, type PostgresUrl } from '../../config/url.ts'
import { isSlipwayError } from '../../errors.ts'
import { shellWord } from '../../plan/shell.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { ConnectOptions } from '../dialect.ts'
import type { Endpoint } from './endpoint.ts'
import { examinePooler } from './examine-pooler.ts'
import { examinePrivileges } from './examine-privileges.ts'
import { instant, readOnly, type ServerFacts, toDate } from './facts.ts'
import { findHistories } from './history-columns.ts'
import type { Link } from './link.ts'
import type { HistoryNames } from './naming.ts'
import { requireRoles } from './roles.ts'
import { newest, whyUnsupported } from './supported.ts'

export interface Examined {
  readonly link: Link
  readonly options: ConnectOptions
  readonly url: PostgresUrl
  readonly endpoint: Endpoint
  readonly facts: ServerFacts
  readonly names: HistoryNames
  /** Not left to the search_path. */
  readonly isSchemaChosen: boolean
}

export async function examineServer(examined: Examined): Promise<Diagnosis[]> {
  const { link, facts, endpoint } = examined
  const roles = await examineNamedRoles(examined)
  return [
    examineVersion(facts.versionNumber, facts.version),
    ...(roles ?? [await examineRole(examined), await examinePrivileges(examined)]),
    await examinePooler(examined),
    examineTls(endpoint, link),
    await examineClock(link),
    ...examineNeighbours(examined),
  ]
}

export function examineVersion(versionNumber: number, version: string): Diagnosis {
  const check = 'server'
  const problem = whyUnsupported(versionNumber, version)
  if (problem !== undefined)
    return { check, level: 'fail', message: problem.message, remedy: problem.hint, code: problem.code }
  if (Math.floor(versionNumber / 10_000) > newest)
    return {
      check,
      level: 'warn',
      message: `PostgreSQL ${version}, newer than ${newest}, the newest that slipway was tested with`,
      remedy: 'look for a newer slipway',
    }
  return { check, level: 'ok', message: `PostgreSQL ${version}` }
}

/** What is wrong with the roles of the settings; what one may do that cannot be had is not asked. */
async function examineNamedRoles({ link, facts, options }: Examined): Promise<Diagnosis[] | undefined> {
  try {
    await requireRoles(link, facts, { role: options.role, readers: options.readers ?? [] })
    return undefined
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    const { message, hint, code } = error
    return [{ check: 'role', level: 'fail', message, remedy: hint, code }]
  }
}

async function examineRole({ facts, link, options }: Examined): Promise<Diagnosis> {
  const { user, database, inRecovery, readOnlyByDefault } = facts
  const check = 'role'
  if (inRecovery)
    return {
      check,
      level: 'fail',
      message: `${database} is a replica in recovery: nothing can be written`,
      remedy: 'point SLIPWAY_DATABASE_URL at the primary',
      code: 'read-only',
    }
  if (readOnlyByDefault)
    return {
      check,
      level: 'fail',
      message: `default_transaction_read_only is on for ${user} on ${database}`,
      remedy: await findReadOnlyRemedy(link, facts),
      code: 'read-only',
    }
  const who = options.role === undefined ? user : `${user} as ${options.role}`
  return { check, level: 'ok', message: `${who} on ${database}, which can be written` }
}

/** Where the setting comes from: https://www.postgresql.org/docs/current/view-pg-settings.html */
async function findReadOnlyRemedy(link: Link, { user, database }: ServerFacts): Promise<string> {
  const [row] = await readOnly(
    link,
    "select source from pg_catalog.pg_settings where name = 'default_transaction_read_only'",
  )
  // Outside such a transaction the very statement would be refused.
  const writing = (alter: string) => `begin read write; ${alter} reset default_transaction_read_only; commit`
  switch (row?.source) {
    case 'database':
      return writing(`alter database ${quotePostgresId(database)}`)
    case 'user':
      return writing(`alter role ${quotePostgresId(user)}`)
    case 'database user':
      return writing(`alter role ${quotePostgresId(user)} in database ${quotePostgresId(database)}`)
    default:
      return 'point SLIPWAY_DATABASE_URL at a server where default_transaction_read_only is off'
  }
}

/** What libpq calls the modes: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
export function examineTls(
  { host, tls }: Pick<Endpoint, 'host' | 'tls'>,
  { encryption, isVerified }: Pick<Link, 'encryption' | 'isVerified'>,
): Diagnosis {
  const check = 'tls'
  if (encryption !== undefined) {
    const certificate = isVerified ? 'certificate verified' : 'certificate not verified'
    return { check, level: 'ok', message: `${encryption}, ${certificate} (sslmode=${tls.mode})` }
  }
  if (isThisHost(host))
    return { check, level: 'ok', message: `not used; the server is on this host (sslmode=${tls.mode})` }
  return {
    check,
    level: 'warn',
    message: `not used (sslmode=${tls.mode}): what is sent to ${host} can be read on the way`,
    remedy: 'add sslmode=verify-full to the URL, or at least sslmode=require',
  }
}

function isThisHost(host: string): boolean {
  return isSocketDirectory(host) || /^(localhost|127(\.\d+){3}|::1|\[::1\])$/i.test(host)
}

/** Only where nobody chose the schema: a history for each tenant is no accident. */
function examineNeighbours({ facts, names, isSchemaChosen }: Examined): Diagnosis[] {
  const others = isSchemaChosen ? [] : findHistories(facts, names)
  const own = others.some(({ schema }) => schema === names.schema)
  return others
    .filter(({ schema }) => own && schema !== names.schema)
    .map(({ schema }) => ({
      check: 'history',
      level: 'warn',
      message: `schema ${schema} has a ${names.table} as well; ${names.shown} is the one in use, since its schema comes first in the search_path`,
      remedy: `SLIPWAY_SCHEMA=${shellWord(schema)} slipway status, or choose for good: SLIPWAY_SCHEMA=${shellWord(names.schema)}`,
    }))
}

async function examineClock(link: Link): Promise<Diagnosis> {
  const asked = Date.now()
  const [row] = await readOnly(link, `select ${instant('pg_catalog.clock_timestamp()')} as now`)
  const answered = Date.now()
  return compareClocks({ asked, answered, server: toDate(row?.now)?.getTime() ?? answered })
}

const clockToleranceMs = 5000

/** Milliseconds since the epoch. The server looked at its clock somewhere between the question and the answer. */
export function compareClocks(times: { asked: number; answered: number; server: number }): Diagnosis {
  const check = 'clock'
  const { asked, answered, server } = times
  const skew = server < asked ? asked - server : Math.max(0, server - answered)
  if (skew <= clockToleranceMs) return { check, level: 'ok', message: 'this host and the server agree' }
  const direction = server < asked ? 'ahead of' : 'behind'
  return {
    check,
    level: 'warn',
    message: `the clock of this host is ${Math.round(skew / 1000)} s ${direction} the server's (${new Date(asked).toISOString()} here, ${new Date(server).toISOString()} there)`,
    remedy:
      "set this host by NTP: versions of new migrations come from its clock, and up compares them with the server's",
  }
}
