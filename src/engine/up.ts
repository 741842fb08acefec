/** `up` as far as most starts go: a look at the folder and one at the database. The rest is loaded if there is a rest. */
import type { Session, SessionFacts } from '../dialects/dialect.ts'
import type { Listener, RunEvent } from '../events.ts'
import type { Discovery } from '../files/discover.ts'
import { findManifest } from '../files/manifest.ts'
import { digestMigrations, type HistoryDigest } from '../plan/digest.ts'
import { findMixedVersions } from '../plan/mixed-versions.ts'
import { type OpenOptions, openSession } from './open.ts'
import type { UpRequest } from './planning.ts'
import type { Progress } from './progress.ts'
import type { Run } from './run.ts'
import { pause } from './sleep.ts'
import { tellWithoutEffect } from './without-effect.ts'

/**
 * Begins to connect, where that changes nothing, and returns what applies everything pending. That throws SlipwayError;
 * `progress` tells how far it came.
 */
export function startUp(run: Run, request: UpRequest): (progress: Progress) => Promise<void> {
  // A database that may have to be made is no reason to begin before the folder is known to be right.
  const isEarly = run.dialect.isRemote && !run.config.createDatabase
  const opening = isEarly ? startOpening(run, request) : undefined
  return async (progress) => {
    const { folder, session } = await openBoth(run, request, opening)
    tellWithoutEffect(run)
    try {
      if (isUpToDate(folder, session.facts)) {
        for (const warning of findMixedVersions(folder.found?.files ?? []))
          run.emit({ type: 'warning', ...warning })
        run.emit({ type: 'planned', steps: [], applied: folder.count, ahead: [] })
        return
      }
      const { bringUp } = await import('./migrator.ts')
      const found = folder.found ?? (await (await import('./discover.ts')).discover(run))
      await bringUp({ run, request, progress, found, session, loaded: new Map() })
    } catch (error) {
      const { describeSessionFailure } = await import('./failure.ts')
      throw describeSessionFailure(run, error, 'working')
    } finally {
      await session.close()
    }
  }
}

/** The folder is looked at while the server answers; one that takes longer is not waited for. */
const longestLoginMs = 25

/** A connection under way. */
interface Opening {
  readonly session: Promise<Session>
  /** When only the server is waited for, or after some time. */
  readonly pause: Promise<unknown>
  /** Tells what it had to tell so far, and the rest as it comes. */
  tell(): void
  abandon(reason: unknown): Promise<void>
}

function startOpening(run: Run, request: UpRequest): Opening {
  const held: RunEvent[] = []
  let emit: Listener = (event) => held.push(event)
  const stop = new AbortController()
  const signal = AbortSignal.any([run.signal, stop.signal])
  const login = Promise.withResolvers<void>()
  const session = openSession(run, {
    ...optionsFor(run, request),
    signal,
    emit: (event) => emit(event),
    onLogin: () => {
      login.resolve()
      run.whileWaiting?.()
    },
  })
  // It may fail before anybody asks for it.
  session.catch(() => {})
  return {
    session,
    pause: Promise.race([login.promise, session.catch(() => {}), pause(longestLoginMs)]),
    tell() {
      for (const event of held) run.emit(event)
      emit = run.emit
    },
    async abandon(reason) {
      stop.abort(reason)
      await session.then(
        (opened) => opened.close(),
        () => {},
      )
    },
  }
}

/** The folder comes first: what is wrong with it is told without a database. */
async function openBoth(
  run: Run,
  request: UpRequest,
  opening: Opening | undefined,
): Promise<{ folder: Look; session: Session }> {
  if (opening === undefined)
    return { folder: await lookAtFolder(run), session: await openSession(run, optionsFor(run, request)) }
  try {
    await opening.pause
    const folder = await lookAtFolder(run)
    opening.tell()
    return { folder, session: await opening.session }
  } catch (error) {
    await opening.abandon(error)
    throw error
  }
}

function optionsFor(run: Run, request: UpRequest): OpenOptions {
  return {
    intent: 'write',
    timeoutMs: run.config.waitTimeoutMs,
    // A target has to be looked up, whatever is applied.
    historyDigest: request.target === undefined,
  }
}

/** What a folder amounts to. */
export interface Look extends HistoryDigest {
  /** Undefined where the manifest's first line told all that is needed so far. */
  readonly found: Discovery | undefined
}

async function lookAtFolder(run: Run): Promise<Look> {
  if (run.folder !== undefined) return run.folder.look()
  const manifest = findManifest(run.config.dir)
  if (manifest.kind === 'usable' && manifest.head.warnings === 0)
    return { ...manifest.head, found: undefined }
  const found = await (await import('./discover.ts')).discover(run)
  return { ...digestMigrations(found.files), found }
}

/** Every file is applied as it is, nothing else is, and nothing is unfinished: the planner would find no more than that. */
function isUpToDate({ count, digest }: HistoryDigest, { historyDigest }: SessionFacts): boolean {
  return count > 0 && historyDigest?.digest === digest
}
