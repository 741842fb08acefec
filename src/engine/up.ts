/** `up` as far as most starts go: a look at the folder and one at the database. The rest is loaded if there is a rest. */
import type { Session, SessionFacts } from '../dialects/dialect.ts'
import type { Listener, RunEvent } from '../events.ts'
import type { Discovery } from '../files/discover.ts'
import { findManifest } from '../files/manifest.ts'
import { digestMigrations, type HistoryDigest } from '../plan/digest.ts'
import { findMixedVersions } from '../plan/mixed-versions.ts'
import { discover } from './discover.ts'
import { openSession } from './open.ts'
import type { UpRequest } from './planning.ts'
import type { Progress } from './progress.ts'
import type { Run } from './run.ts'
import { nextTurn } from './sleep.ts'
import { tellWithoutEffect } from './without-effect.ts'

/** Applies everything pending. Throws SlipwayError; `progress` tells how far it came. */
export async function runUp(run: Run, request: UpRequest, progress: Progress): Promise<void> {
  const { folder, session } = await openBoth(run, request)
  tellWithoutEffect(run)
  try {
    if (isUpToDate(folder, session.facts)) {
      for (const warning of findMixedVersions(folder.found?.files ?? []))
        run.emit({ type: 'warning', ...warning })
      run.emit({ type: 'planned', steps: [], applied: folder.count, ahead: [] })
      return
    }
    const { bringUp } = await import('./migrator.ts')
    const found = folder.found ?? (await discover(run))
    await bringUp({ run, request, progress, found, session, loaded: new Map() })
  } catch (error) {
    const { describeSessionFailure } = await import('./failure.ts')
    throw describeSessionFailure(run, error, 'working')
  } finally {
    await session.close()
  }
}

/**
 * The folder comes first: what is wrong with it is told without a database. A connection that changes nothing is
 * under way meanwhile, and what it has to tell waits.
 */
async function openBoth(run: Run, request: UpRequest): Promise<{ folder: Look; session: Session }> {
  const options = {
    intent: 'write',
    timeoutMs: run.config.waitTimeoutMs,
    // A target has to be looked up, whatever is applied.
    historyDigest: request.target === undefined,
  } as const
  if (!run.dialect.isRemote)
    return { folder: await lookAtFolder(run), session: await openSession(run, options) }
  const held: RunEvent[] = []
  let emit: Listener = (event) => held.push(event)
  const stop = new AbortController()
  const signal = AbortSignal.any([run.signal, stop.signal])
  const opening = openSession(run, { ...options, signal, emit: (event) => emit(event) })
  // It may fail before anybody asks for it.
  opening.catch(() => {})
  try {
    await nextTurn()
    const folder = await lookAtFolder(run)
    for (const event of held) run.emit(event)
    emit = run.emit
    return { folder, session: await opening }
  } catch (error) {
    stop.abort(error)
    await opening.then(
      (session) => session.close(),
      () => {},
    )
    throw error
  }
}

interface Look extends HistoryDigest {
  /** Undefined where the manifest's first line told all that is needed so far. */
  readonly found: Discovery | undefined
}

async function lookAtFolder(run: Run): Promise<Look> {
  const manifest = findManifest(run.config.dir)
  if (manifest.kind === 'usable' && manifest.head.warnings === 0)
    return { ...manifest.head, found: undefined }
  const found = await discover(run)
  return { ...digestMigrations(found.files), found }
}

/** Every file is applied as it is, nothing else is, and nothing is unfinished: the planner would find no more than that. */
function isUpToDate({ count, digest }: HistoryDigest, { historyDigest }: SessionFacts): boolean {
  return count > 0 && historyDigest?.digest === digest
}
