/** SLIPWAY_CREATE_DATABASE: the database that a URL names, made on the server that has none of that name. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import { postgresNameBytes, quotePostgresId } from '../../sql/quote.ts'
import type { ConnectOptions } from '../dialect.ts'
import { explain, sqlstateOf } from './errors.ts'
import { factsQuery, readFacts, readOnly, type ServerFacts } from './facts.ts'
import { type Reached, reachServer } from './hosts.ts'
import type { Link } from './link.ts'
import { literal, lockClass } from './naming.ts'
import { findPooling, needsSession } from './pooling.ts'
import { requireRoles } from './roles.ts'
import { judgesFor } from './target.ts'

/** Every server has them unless somebody dropped the first; https://www.postgresql.org/docs/current/manage-ag-templatedbs.html */
const maintenance = ['postgres', 'template1'] as const

/**
 * `exists`: another runner was faster. It belongs to SLIPWAY_ROLE where there is one. Throws privilege-missing and
 * role-missing; rejects with what the server said otherwise.
 */
export async function createDatabase(
  url: PostgresUrl,
  options: ConnectOptions,
): Promise<'created' | 'exists'> {
  requireWholeName(url.database)
  const reached = await reachNearby(url, options)
  const { link } = reached
  const onAbort = () => link.destroy('stopped')
  options.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const facts = readFacts(reached.greeting)
    await requireRoles(link, facts, { role: options.role, readers: options.readers ?? [] })
    if (facts.database === 'template1' && link.backend.pid === facts.pid) await requireTurn(link, url)
    await create({ url, reached, facts, options })
    return 'created'
  } catch (error) {
    // 42P04 is told by the one who came later, 23505 by the one who came at the same moment.
    if (['42P04', '23505'].includes(sqlstateOf(error) ?? '')) return 'exists'
    throw error
  } finally {
    options.signal.removeEventListener('abort', onAbort)
    await link.close()
  }
}

/**
 * Whoever is connected to template1 keeps it from being copied (55006): several runners would keep each other from it for
 * ever. One stays, the others leave at once and look again. Not through a pooler, to whose next client the lock would go.
 */
async function requireTurn(link: Link, { database, shown }: PostgresUrl): Promise<void> {
  const { crc32 } = process.getBuiltinModule('node:zlib')
  const key = `${lockClass}, ${crc32(`create database ${database}`) | 0}`
  const [result] = await link.simple(`select pg_catalog.pg_try_advisory_lock(${key}) as ok`)
  if (result?.rows[0]?.ok !== true)
    throw new SlipwayError('unreachable', `another runner is about to create ${shown}`)
}

function requireWholeName(name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes <= postgresNameBytes) return
  throw new SlipwayError(
    'bad-url',
    `the database name ${name} has ${bytes} bytes, of which PostgreSQL would keep ${postgresNameBytes}`,
    { hint: 'give the database a shorter name' },
  )
}

/** A server that can be written, of several. */
async function reachNearby(url: PostgresUrl, options: ConnectOptions): Promise<Reached> {
  const { table, schema } = options.history
  const request = {
    applicationName: options.applicationName,
    timeoutMs: options.attemptTimeoutMs,
    signal: options.signal,
    greeting: factsQuery(table, schema),
  }
  let refusal: unknown
  for (const database of maintenance) {
    try {
      return await reachServer({ ...url, database }, request, judgesFor(url.target, 'write'))
    } catch (error) {
      refusal ??= error
      // It was dropped, or this login may not connect to it.
      if (!['database-missing', 'privilege'].includes(explain(error).kind)) throw error
    }
  }
  throw refusal
}

interface Situation {
  readonly url: PostgresUrl
  readonly reached: Reached
  readonly facts: ServerFacts
  readonly options: ConnectOptions
}

async function create(situation: Situation): Promise<void> {
  const { url, reached, facts, options } = situation
  const { link } = reached
  const statement = `create database ${quotePostgresId(url.database)}`
  const role = options.role === undefined ? undefined : quotePostgresId(options.role)
  try {
    if (role === undefined) await link.simple(statement)
    else if (await isRoleTheOneThatMay(link, facts.user, options.role ?? '')) {
      await requireSession(situation)
      await link.simple(`set role ${role}`)
      await link.simple(statement)
    } else await link.simple(`${statement} owner ${role}`)
  } catch (error) {
    if (explain(error).kind !== 'privilege') throw error
    throw new SlipwayError(
      'privilege-missing',
      `the role ${facts.user} may not create the database ${url.database}`,
      { hint: `alter role ${quotePostgresId(facts.user)} createdb`, sqlstate: '42501', cause: error },
    )
  }
}

async function isRoleTheOneThatMay(link: Link, login: string, role: string): Promise<boolean> {
  const rows = await readOnly(
    link,
    `select rolname::text as name from pg_catalog.pg_roles
where rolname::text in (${literal(login)}, ${literal(role)}) and (rolsuper or rolcreatedb)`,
  )
  const names = rows.map(({ name }) => name)
  return names.includes(role) && !names.includes(login)
}

/** SET ROLE lasts as long as the session, and no transaction can hold CREATE DATABASE. */
async function requireSession({ url, reached, facts, options }: Situation): Promise<void> {
  const { link, endpoint } = reached
  const found = await findPooling({ link, url, endpoint, facts, options })
  if (found.scope === 'transaction') throw needsSession(url, found, [`creating ${url.database}`])
}
