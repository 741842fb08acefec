/**
 * Whether the pooler in the path gives a server connection to each session or to each transaction. It does not say.
 * Our session and a few more, all at rest but one, run short transactions one after the other, first to last and back:
 *
 * - the same backend twice in different sessions, or a backend that somebody else has used since: `transaction`;
 * - each session has its own backend all the time: `session`. Were the idle backends shared, the last one released would
 *   be the next one used (or the first one, with server_round_robin), and on the way back that is a neighbour's;
 * - some get no answer while others do that ask after them: those others have backends of their own: `session`.
 *
 * Several sessions, since several poolers may stand behind one address, each with backends of its own: eight sessions
 * cannot all be alone on seven of them. What is not proven to be `session` is treated as `transaction`.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Endpoint } from './endpoint.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'
import { startLink } from './open-link.ts'

export type PoolMode = 'session' | 'transaction'

export interface PoolFinding {
  readonly mode: PoolMode
  /** False: nothing spoke against `session` either. */
  readonly isProven: boolean
}

const isTransaction: PoolFinding = { mode: 'transaction', isProven: true }
const isSession: PoolFinding = { mode: 'session', isProven: true }
const isUnclear: PoolFinding = { mode: 'transaction', isProven: false }

/** Sessions beside ours. */
const many = 7
/** Mostly it takes a few milliseconds for each; on a busy machine, or far away, much longer. */
const budgetMs = 10_000
/** A session that has logged in and has no answer by then waits for a server connection. */
const patienceMs = 300

export interface PoolSearch {
  readonly link: Link
  readonly endpoint: Endpoint
  /** The backend that answered this link's greeting. */
  readonly pid: number
  readonly applicationName: string
  /** `suspicious`: one session beside ours, for where `session` is known from elsewhere and only doubted. */
  readonly effort: 'thorough' | 'suspicious'
}

/** Takes little more than ten seconds at most. Rejects only when the link itself fails. */
export async function findPoolMode(search: PoolSearch): Promise<PoolFinding> {
  const own: Probe = { link: search.link, pid: search.pid, mark: newMark() }
  const deadline = performance.now() + budgetMs
  const crowd: Crowd = { sitting: [own], waiting: [] }
  const all: Asker[] = []
  const join = async (count: number) => {
    const askers = await Promise.all(Array.from({ length: count }, () => openAsker(search, deadline)))
    all.push(...askers.filter((asker) => asker !== undefined))
    for (;;) {
      await seat(crowd, all, deadline)
      const found = await compareBefore(deadline, crowd, search.link)
      // Server connections are opened one after the other, which takes its time.
      if (found !== 'served') return found
    }
  }
  try {
    if ((await askOwn(own)) !== own.pid) return isTransaction
    // Where connections are shared the first one tells, and the pool is spared the others.
    const first = await join(1)
    if (first !== 'apart' || search.effort === 'suspicious')
      return first === 'shared' ? isTransaction : isUnclear
    const found = await join(many - 1)
    if (found === 'shared') return isTransaction
    const isCrowd = crowd.sitting.length + crowd.waiting.length > many
    return found === 'apart' && isCrowd ? isSession : isUnclear
  } finally {
    for (const { link } of crowd.waiting) link.destroy('not needed any more')
    await Promise.all(all.map(({ link }) => link.close()))
  }
}

/** A session at rest, recognisable by its last statement. */
interface Probe {
  readonly link: Link
  readonly pid: number
  readonly mark: string
}

interface Asker {
  readonly link: Link
  readonly mark: string
  /** Settled: what its first transaction said. */
  readonly pid: Promise<number | undefined>
}

interface Crowd {
  readonly sitting: Probe[]
  /** Logged in, and without an answer to their first question. */
  readonly waiting: Asker[]
}

function newMark(): string {
  return `slipway:${randomUUID()}`
}

function ownPid(mark: string): string {
  return `select /* ${mark} */ pg_catalog.pg_backend_pid() as pid`
}

async function askOwn({ link, mark }: Pick<Probe, 'link' | 'mark'>): Promise<number> {
  const [row] = await readOnly(link, ownPid(mark))
  return Number(row?.pid)
}

/** Undefined where no further connection is to be had. */
async function openAsker(
  { endpoint, applicationName }: PoolSearch,
  deadline: number,
): Promise<Asker | undefined> {
  const mark = newMark()
  try {
    const { link, greeting } = await startLink(endpoint, {
      applicationName: `${applicationName} probe`,
      timeoutMs: Math.max(1, deadline - performance.now()),
      greeting: `begin transaction read only;\n${ownPid(mark)};\ncommit`,
    })
    const pid = greeting.then(
      (results) => Number(results[0]?.rows[0]?.pid),
      () => undefined,
    )
    return { link, mark, pid }
  } catch {
    return undefined
  }
}

/** Parts those who have an answer from those who wait for one; who cannot even log in is neither. */
async function seat(crowd: Crowd, askers: readonly Asker[], deadline: number): Promise<void> {
  crowd.waiting.length = 0
  const seated = new Set(crowd.sitting.map(({ link }) => link))
  const others = askers.filter(({ link }) => !seated.has(link))
  const answers = await Promise.all(others.map((asker) => awaitAnswer(asker, deadline)))
  for (const [n, asker] of others.entries()) {
    const answer = answers[n]
    if (answer === 'waiting') crowd.waiting.push(asker)
    else if (typeof answer === 'number') crowd.sitting.push({ ...asker, pid: answer })
  }
}

async function awaitAnswer({ link, pid }: Asker, deadline: number): Promise<number | 'waiting' | undefined> {
  for (;;) {
    const answer = await Promise.race([pid, delay(20, 'late' as const, { ref: false })])
    if (answer !== 'late') return answer
    const now = performance.now()
    // Logging in may take long on a busy machine; that is no sign of anything.
    if (link.readyAt !== undefined && now - link.readyAt > patienceMs) return 'waiting'
    if (now > deadline) return undefined
  }
}

/** `served`: one that waited has got its answer meanwhile. */
type Comparison = 'shared' | 'apart' | 'unclear' | 'served'

/** A question may have to wait for a server connection; one that fails says nothing, unless it was on our own link. */
async function compareBefore(deadline: number, crowd: Crowd, own: Link): Promise<Comparison> {
  const comparison = compare(crowd).catch((error: unknown): Comparison => {
    if (own.lost) throw error
    return 'unclear'
  })
  const timeout = delay(Math.max(0, deadline - performance.now()), 'unclear' as const, { ref: false })
  return await Promise.race([comparison, timeout])
}

async function compare({ sitting, waiting }: Crowd): Promise<Comparison> {
  if (new Set(sitting.map(({ pid }) => pid)).size < sitting.length) return 'shared'
  for (const probe of sitting) if ((await askOwn(probe)) !== probe.pid) return 'shared'
  for (const probe of sitting.toReversed()) {
    const seen = await lookAround(probe, sitting)
    if (seen !== 'apart') return seen
  }
  if (waiting.length === 0) return 'apart'
  const served = waiting.map(({ pid }) => pid.then(() => 'served' as const))
  return await Promise.race([...served, delay(patienceMs, 'apart' as const, { ref: false })])
}

/** Whether this session is where it was, and the backends of the others rest as they left them. */
async function lookAround({ link, mark, pid }: Probe, sitting: readonly Probe[]): Promise<Comparison> {
  const others = sitting.filter((other) => other.pid !== pid)
  const values = others.map((other) => `(${other.pid}, '${other.mark}')`).join(', ')
  const [row] = await readOnly(
    link,
    others.length === 0
      ? ownPid(mark)
      : `${ownPid(mark)},
  pg_catalog.count(a.pid) < pg_catalog.count(*) as gone,
  pg_catalog.bool_or(coalesce(a.state, 'disabled') = 'disabled') filter (where a.pid is not null) as hidden,
  pg_catalog.bool_and(a.state = 'idle' and pg_catalog.strpos(a.query, other.mark) > 0) as resting
from (values ${values}) as other (pid, mark)
left join pg_catalog.pg_stat_activity as a on a.pid = other.pid`,
  )
  if (Number(row?.pid) !== pid || row?.gone === true) return 'shared'
  // The role may not see it, or track_activities is off.
  if (row?.hidden === true) return 'unclear'
  return row?.resting === false ? 'shared' : 'apart'
}
