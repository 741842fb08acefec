/** Waits for the run lock by trying for it, says who holds it, and leaves early when the work is done meanwhile. */
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import { checkpoint, type LockHolder } from '../events.ts'
import { describeHolder } from '../text/describe-holder.ts'
import type { Run } from './run.ts'
import { backoff, sleep } from './sleep.ts'

const lookEveryMs = 1000
const tellEveryMs = 10_000

/** What it takes to wait for the run lock. */
export type Waiting = Pick<Session, 'tryRunLock' | 'runLockHolder' | 'readHistory'>

/**
 * `done` looks at history as others leave it: true ends the wait without the lock.
 * The timeout starts again whenever history moves. Throws lock-timeout.
 */
export async function acquireRunLock(
  run: Run,
  session: Waiting,
  done: (snapshot: HistorySnapshot) => boolean,
): Promise<'acquired' | 'done'> {
  const began = performance.now()
  const watch = watchHolder(run, session, began)
  for (let attempt = 0; ; attempt++) {
    if (await session.tryRunLock()) {
      run.emit({ type: 'lock-acquired', waitedMs: performance.now() - began })
      return 'acquired'
    }
    if (run.putOff !== undefined) {
      run.putOff()
      throw lockTimeout(run, undefined, 0)
    }
    const snapshot = await watch.look()
    if (snapshot !== undefined && done(snapshot)) return 'done'
    await sleep(backoff(attempt, 50, 1000), run.signal)
  }
}

/** For work under the run lock: frees it whatever comes, and never lets that hide an error of the work. */
export async function releasingRunLock<T>(run: Run, session: Session, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    checkpoint('before-unlock')
    await session.releaseRunLock().catch((error: unknown) => {
      if (session.lost) return
      run.emit({
        type: 'cleanup-failed',
        what: 'releasing the run lock',
        message: run.dialect.explain(error).message,
      })
    })
  }
}

export interface HolderWatch {
  /** History, when it was time to look again. Throws lock-timeout. */
  look(): Promise<HistorySnapshot | undefined>
}

export function watchHolder(run: Run, session: Omit<Waiting, 'tryRunLock'>, began: number): HolderWatch {
  const timeoutMs = run.config.lockTimeoutMs
  let deadline = began + timeoutMs
  let lookedAt = Number.NEGATIVE_INFINITY
  let toldAt = Number.NEGATIVE_INFINITY
  let toldPid: number | undefined
  let progress: string | undefined
  return {
    async look() {
      const now = performance.now()
      if (now - lookedAt < lookEveryMs && now < deadline) return undefined
      lookedAt = now
      const holder = await session.runLockHolder()
      const snapshot = await session.readHistory()
      const mark = progressOf(snapshot)
      if (progress !== undefined && mark !== progress) deadline = now + timeoutMs
      progress = mark
      if (now >= deadline) throw lockTimeout(run, holder, now - began)
      if (now - toldAt >= tellEveryMs || holder?.pid !== toldPid) {
        toldAt = now
        toldPid = holder?.pid
        run.emit({ type: 'waiting-for-lock', holder, elapsedMs: now - began, timeoutMs })
      }
      return snapshot
    },
  }
}

function progressOf(snapshot: HistorySnapshot): string {
  return snapshot.rows.map((row) => `${row.id}:${row.state}:${row.statementsDone}`).join()
}

function lockTimeout(run: Run, holder: LockHolder | undefined, elapsedMs: number): SlipwayError {
  const seconds = (elapsedMs / 1000).toFixed(1)
  const who = describeHolder(holder, new Date(), run.config.redact)
  return new SlipwayError(
    'lock-timeout',
    `the run lock of ${run.url.shown} was not free within ${seconds} s; it is held by ${who}`,
    holder?.pid === undefined ? {} : { hint: `wait for it, or end it: ${endingOf(run, holder.pid)}` },
  )
}

/** On SQLite the holder is a process of this machine, or of a library another run of this one. */
export function endingOf(run: Run, pid: number): string {
  if (run.dialect.name === 'sqlite' && pid === process.pid)
    return 'abort the run of this process that holds it'
  return run.dialect.name === 'sqlite' ? `kill ${pid}` : 'slipway unlock --terminate'
}
