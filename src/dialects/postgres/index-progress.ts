/** What the server says of an index while it builds it, asked in a second session; without one nothing is said. */
import type { IndexProgress, IndexRequest, Row } from '../dialect.ts'
import type { Workplace } from './workplace.ts'

const askEveryMs = 1000

/** Returns what stops it, which never throws. https://www.postgresql.org/docs/current/progress-reporting.html */
export function watchIndex(place: Workplace, onProgress: IndexRequest['onProgress']): () => Promise<void> {
  const { pid, openAside } = place
  if (openAside === undefined) return async () => {}
  const stop = Promise.withResolvers<void>()
  let isStopped = false
  const watch = async () => {
    // Most are built before anybody would ask.
    await pauseUntil(stop.promise)
    if (isStopped) return
    const aside = await openAside()
    if (aside === undefined) return
    try {
      while (!isStopped) {
        const [result] = await aside.simple(progressOf(pid))
        const [row] = result?.rows ?? []
        const progress = row === undefined ? undefined : readProgress(row)
        if (progress !== undefined && !isStopped) onProgress(progress)
        await pauseUntil(stop.promise)
      }
    } finally {
      aside.destroy('done')
    }
  }
  const watching = watch().catch(() => {})
  return async () => {
    isStopped = true
    stop.resolve()
    await watching
  }
}

async function pauseUntil(stop: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const pause = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, askEveryMs)
  })
  await Promise.race([pause, stop])
  clearTimeout(timer)
}

/** In one message and one transaction: a snapshot that stays would hold up the very build. */
function progressOf(pid: number): string {
  return `select phase, lockers_total, lockers_done, blocks_total, blocks_done, tuples_total, tuples_done
from pg_catalog.pg_stat_progress_create_index
where pid = ${pid}`
}

function readProgress(row: Row): IndexProgress | undefined {
  if (typeof row.phase !== 'string') return undefined
  const phase = row.phase
  for (const [unit, column] of [
    ['lockers', 'lockers'],
    ['blocks', 'blocks'],
    ['rows', 'tuples'],
  ] as const) {
    const total = Number(row[`${column}_total`])
    if (total > 0) return { phase, unit, done: Number(row[`${column}_done`]), total }
  }
  return { phase, unit: 'blocks', done: 0, total: undefined }
}
