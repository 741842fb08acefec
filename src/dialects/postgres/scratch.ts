/** Scratch databases: made on SLIPWAY_SCRATCH_URL, named and marked as ours, dropped when done or when found later. */
import { randomUUID } from 'node:crypto'
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import type { ConnectOptions } from '../dialect.ts'
import type { ScratchDatabase } from '../scratch.ts'
import { explain } from './errors.ts'
import { factsQuery, readFacts, readOnly } from './facts.ts'
import { reachServer } from './hosts.ts'
import type { Link } from './link.ts'
import { literal } from './naming.ts'
import { judgesFor } from './target.ts'

/** Ours have it as their comment; one with another comment is not ours, whatever its name. */
export const scratchMark = 'slipway scratch database, dropped by the run that made it'

const prefix = 'slipway_scratch_'
const namePattern = `^${prefix}[0-9]{14}_[0-9a-f]{12}$`
/** One that a run still works in is safe at any age: the run is connected to it. */
const leftoverAfter = '1 hour'

/** From template0, so that nothing is in it; whoever may create databases may do this. Throws privilege-missing. */
export async function createScratch(url: PostgresUrl, options: ConnectOptions): Promise<ScratchDatabase> {
  let name = ''
  const drop = () =>
    // What stops the run must not keep its database from going.
    withLink(url, { ...options, signal: undefined }, async (link) => {
      await link.simple(`drop database if exists ${quotePostgresId(name)} with (force)`)
    })
  await withLink(url, options, async (link, { user, now }) => {
    await dropLeftovers(link)
    // By the clock that says later how old it is.
    name = `${prefix}${stamp(now)}_${randomUUID().slice(-12)}`
    const quoted = quotePostgresId(name)
    try {
      await link.simple(`create database ${quoted} template template0`)
    } catch (error) {
      throw explain(error).kind === 'privilege' ? mayNotCreate(url, user, error) : error
    }
    try {
      await link.simple(`comment on database ${quoted} is ${literal(scratchMark)}`)
    } catch (error) {
      await drop().catch(() => {})
      throw error
    }
  })
  const shown = url.shown.replace(/\/[^/]*$/, `/${name}`)
  return { url: { ...url, database: name, shown }, drop }
}

/** `20260131120000` */
function stamp(now: Date): string {
  return now.toISOString().replace(/\D/g, '').slice(0, 14)
}

type LinkTo = Omit<ConnectOptions, 'signal'> & { readonly signal: AbortSignal | undefined }

async function withLink(
  url: PostgresUrl,
  { applicationName, attemptTimeoutMs, signal, history }: LinkTo,
  work: (link: Link, facts: ReturnType<typeof readFacts>) => Promise<void>,
): Promise<void> {
  const request = {
    applicationName,
    timeoutMs: attemptTimeoutMs,
    ...(signal === undefined ? {} : { signal }),
    greeting: factsQuery(history.table, history.schema),
  }
  const { link, greeting } = await reachServer(url, request, judgesFor(url.target, 'write'))
  const onAbort = () => link.destroy('stopped')
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await work(link, readFacts(greeting))
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await link.close()
  }
}

/** Of runs that were killed. One that somebody is connected to is in use, and the server refuses to drop it (55006). */
async function dropLeftovers(link: Link): Promise<void> {
  const rows = await readOnly(
    link,
    `select datname::text as name from pg_catalog.pg_database
where datname ~ ${literal(namePattern)}
  and coalesce(pg_catalog.shobj_description(oid, 'pg_database'), ${literal(scratchMark)}) = ${literal(scratchMark)}
  and pg_catalog.substr(datname::text, ${prefix.length + 1}, 14) <
    pg_catalog.to_char((pg_catalog.now() - interval ${literal(leftoverAfter)}) at time zone 'UTC', 'YYYYMMDDHH24MISS')`,
  )
  for (const { name } of rows)
    await link.simple(`drop database if exists ${quotePostgresId(String(name))}`).catch(() => {})
}

function mayNotCreate(url: PostgresUrl, user: string, cause: unknown): SlipwayError {
  return new SlipwayError(
    'privilege-missing',
    `the role ${user} may not create scratch databases on ${url.shown}`,
    { hint: `alter role ${quotePostgresId(user)} createdb`, sqlstate: '42501', cause },
  )
}
