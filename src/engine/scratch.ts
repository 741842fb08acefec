/** A run of its own in a scratch database: nothing it does reaches the target. */

import type { DatabaseUrl } from '../config/url.ts'
import type { Session } from '../dialects/dialect.ts'
import type { ScratchDatabase } from '../dialects/scratch.ts'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import type { Listener, RunEvent } from '../events.ts'
import type { Echo } from './echo.ts'
import { describeSessionFailure } from './failure.ts'
import { openSession } from './open.ts'
import type { Run } from './run.ts'

export interface Scratch extends AsyncDisposable {
  /** As the run it was made for, but aimed at the scratch database, and quiet. */
  readonly run: Run
  readonly session: Session
}

export interface ScratchOptions {
  /** Hears what scripts send. */
  readonly echo?: Echo
  /** Told of everything that happens there. */
  readonly listen?: Listener
  /** With all that the target holds, instead of empty. */
  readonly isCopy?: boolean
}

/**
 * SQLite: in memory. PostgreSQL: on SLIPWAY_SCRATCH_URL, from template0, dropped with `await using`. Throws no-scratch,
 * and what connecting throws. No role, pooler or grants of the target's: they are that server's.
 */
export async function openScratch(run: Run, options: ScratchOptions = {}): Promise<Scratch> {
  const aimed = aim(run, options)
  const made = options.isCopy === true ? await copy(run, aimed) : await make(aimed)
  const scratch: Run = made === undefined ? aimed : { ...aimed, url: made.url }
  try {
    const session = await openSession(scratch, { intent: 'write', timeoutMs: run.config.waitTimeoutMs })
    return {
      run: scratch,
      session,
      [Symbol.asyncDispose]: async () => {
        await session.close()
        await drop(run, made)
      },
    }
  } catch (error) {
    await drop(run, made)
    throw error
  }
}

/** What went wrong there is told as that. */
export async function withinScratch<T>({ run }: Pick<Scratch, 'run'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    run.signal.throwIfAborted()
    const error = describeSessionFailure(run, thrown, 'working')
    if (!isSlipwayError(error) || error.code === 'bug') throw error
    throw new SlipwayError(error.code, `in the scratch database: ${error.message}`, {
      ...error.facts,
      hint: error.code === 'migration-failed' ? hintFor(run) : error.hint,
    })
  }
}

/** The target knows nothing of the migration yet, whatever became of it here. */
function hintFor({ verb }: Run): string {
  return `correct that file, then try again: slipway ${verb === 'up' ? 'up --rehearse' : verb}`
}

/** The server where scratch databases are made, or the one in memory. */
function aim(run: Run, { echo, listen }: ScratchOptions): Run {
  const config = {
    ...run.config,
    role: undefined,
    grantSelectTo: [],
    createDatabase: false,
    hooks: undefined,
  }
  const tell = new Set<RunEvent['type']>(['warning', 'migration-log', 'cleanup-failed'])
  return {
    ...run,
    config,
    url: findServer(run),
    emit: (event) => {
      if (tell.has(event.type)) run.emit(event)
      listen?.(event)
    },
    echo,
    isTrial: true,
  }
}

/** Throws no-scratch, bad-setting, and what is wrong with SLIPWAY_SCRATCH_URL. */
function findServer({ url, dialect, config }: Run): DatabaseUrl {
  if (url.dialect === 'sqlite') return { dialect: 'sqlite', path: ':memory:', shown: 'sqlite::memory:' }
  const { scratchUrl, scratchProblem } = config
  if (scratchProblem !== undefined) throw scratchProblem
  if (scratchUrl === undefined)
    throw new SlipwayError(
      'no-scratch',
      'a scratch database is needed, and SLIPWAY_SCRATCH_URL names no server for it',
    )
  if (scratchUrl.dialect !== 'postgres')
    throw new SlipwayError(
      'bad-setting',
      `SLIPWAY_SCRATCH_URL is ${scratchUrl.shown}, and a scratch database for ${dialect.name} is needed`,
      { hint: 'export SLIPWAY_SCRATCH_URL=postgres://user@host/postgres' },
    )
  // Migrations mean the same schema by a name without one.
  return { ...scratchUrl, schema: url.schema ?? scratchUrl.schema }
}

const attemptTimeoutMs = 10_000

async function make(run: Run): Promise<ScratchDatabase | undefined> {
  const { dialect, config } = run
  if (dialect.createScratch === undefined) return undefined
  // Waits until the server answers, and says why if it does not.
  const session = await openSession(run, { intent: 'write', timeoutMs: config.waitTimeoutMs })
  await session.close()
  return await dialect.createScratch(run.url, {
    intent: 'write',
    applicationName: `slipway/${run.runnerVersion} ${run.appliedBy}`,
    attemptTimeoutMs,
    keepaliveMs: config.keepaliveMs,
    history: { table: config.table, schema: config.schema },
    signal: run.signal,
  })
}

async function copy(target: Run, aimed: Run): Promise<ScratchDatabase> {
  const { makeCopy } = await import('./copy.ts')
  return await makeCopy(target, () => make(aimed))
}

/** Never throws: what was found out there counts, and a later run drops what this one could not. */
async function drop(run: Run, made: ScratchDatabase | undefined): Promise<void> {
  await made?.drop().catch((error: unknown) => {
    run.emit({
      type: 'cleanup-failed',
      what: `dropping the scratch database ${made.url.shown}`,
      message: run.dialect.explain(error).message,
    })
  })
}
