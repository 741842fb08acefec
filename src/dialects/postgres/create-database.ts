/** SLIPWAY_CREATE_DATABASE: the database that a URL names, made on the server that has none of that name. */
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import { postgresNameBytes, quotePostgresId } from '../../sql/quote.ts'
import type { ConnectOptions } from '../dialect.ts'
import { explain, sqlstateOf } from './errors.ts'
import { requireDirect } from './facts.ts'
import { type Link, type Opened, openLink } from './link.ts'
import { literal } from './naming.ts'
import { requireRoles } from './roles.ts'

/** Every server has them unless somebody dropped the first; https://www.postgresql.org/docs/current/manage-ag-templatedbs.html */
const maintenance = ['postgres', 'template1'] as const

/**
 * `exists`: another runner was faster. It belongs to SLIPWAY_ROLE where there is one. Throws privilege-missing and
 * role-missing; rejects with what the server said otherwise, such as 55006 while others are connected to template1.
 */
export async function createDatabase(
  url: PostgresUrl,
  options: ConnectOptions,
): Promise<'created' | 'exists'> {
  requireWholeName(url.database)
  const { link, greeting } = await connectNearby(url, options)
  const onAbort = () => link.destroy('stopped')
  options.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const facts = readFacts(greeting)
    await requireRoles(link, facts, { role: options.role, readers: options.readers ?? [] })
    await create(link, url, { ...facts, role: options.role })
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

function requireWholeName(name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes <= postgresNameBytes) return
  throw new SlipwayError(
    'bad-url',
    `the database name ${name} has ${bytes} bytes, of which PostgreSQL would keep ${postgresNameBytes}`,
    { hint: 'give the database a shorter name' },
  )
}

async function connectNearby(url: PostgresUrl, options: ConnectOptions): Promise<Opened> {
  let refusal: unknown
  for (const database of maintenance) {
    try {
      return await openLink(
        { ...url, database },
        {
          applicationName: options.applicationName,
          timeoutMs: options.attemptTimeoutMs,
          signal: options.signal,
          greeting: greetingQuery(options.role),
        },
      )
    } catch (error) {
      refusal ??= error
      // It was dropped, or this login may not connect to it.
      if (!['database-missing', 'privilege'].includes(explain(error).kind)) throw error
    }
  }
  throw refusal
}

interface NearbyFacts {
  readonly pid: number
  readonly user: string
  readonly versionNumber: number
  readonly database: string
  readonly mayCreate: boolean
  readonly mayRoleCreate: boolean
}

function greetingQuery(role: string | undefined): string {
  const mayCreate = (name: string) =>
    `(select rolsuper or rolcreatedb from pg_catalog.pg_roles where rolname::text = ${name})`
  return `select
  pg_catalog.pg_backend_pid() as pid,
  current_user::text as user_name,
  pg_catalog.current_setting('server_version_num')::int as version_number,
  pg_catalog.current_database()::text as database,
  ${mayCreate('current_user::text')} as may_create,
  ${role === undefined ? 'false' : mayCreate(literal(role))} as may_role_create`
}

function readFacts(greeting: Opened['greeting']): NearbyFacts {
  const row = greeting[0]?.rows[0] ?? {}
  return {
    pid: Number(row.pid),
    user: String(row.user_name),
    versionNumber: Number(row.version_number),
    database: String(row.database),
    mayCreate: row.may_create === true,
    mayRoleCreate: row.may_role_create === true,
  }
}

async function create(
  link: Link,
  url: PostgresUrl,
  facts: NearbyFacts & { readonly role: string | undefined },
): Promise<void> {
  const { role } = facts
  const statement = `create database ${quotePostgresId(url.database)}`
  try {
    if (role === undefined) await link.simple(statement)
    else if (facts.mayCreate || !facts.mayRoleCreate)
      await link.simple(`${statement} owner ${quotePostgresId(role)}`)
    else {
      // It is the role that may: a setting of the session, which must not reach a pooler's next client.
      requireDirect(facts, link)
      await link.simple(`set role ${quotePostgresId(role)}`)
      await link.simple(statement)
    }
  } catch (error) {
    if (explain(error).kind !== 'privilege') throw error
    throw new SlipwayError(
      'privilege-missing',
      `the role ${facts.user} may not create the database ${url.database}`,
      {
        hint: `alter role ${quotePostgresId(facts.user)} createdb`,
        sqlstate: '42501',
        cause: error,
      },
    )
  }
}
