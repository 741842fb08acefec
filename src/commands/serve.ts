/** `slipway serve`: listens, migrates, and stays. */
import { once } from 'node:events'
import type { Run } from '../engine/run.ts'
import { startUp } from '../engine/up.ts'
import { isSlipwayError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { isLoopback } from '../server/access.ts'
import { createBoard } from '../server/board.ts'
import { openServer } from '../server/http.ts'
import { createSite } from '../server/site.ts'
import { watchToken } from '../server/token.ts'
import { conclude } from '../terminal/conclude.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function serve(context: CommandContext): Promise<number> {
  const { config, cwd } = context
  const token = config.tokenFile === undefined ? undefined : watchToken(config.tokenFile, cwd)
  const opened = await context.openRun()
  const board = createBoard(opened)
  const emit: Listener = (event) => {
    board.listen(event)
    opened.emit(event)
  }
  const run: Run = { ...opened, emit }
  const site = createSite(board)
  const server = await openServer({ ...config.listen, token, routes: site.routes })
  board.subscribe(site.tell)
  emit({ type: 'notice', code: 'listening', message: `probes, metrics and the status page: ${server.url}` })
  if (token === undefined && !isLoopback(config.listen.host))
    emit({
      type: 'notice',
      code: 'no-token',
      message: 'without SLIPWAY_TOKEN_FILE everybody on that network can read it',
    })
  try {
    const exitCode = await conclude(run, startUp(run, {}))
    if (exitCode !== 0 && (run.signal.aborted || config.onFailure === 'exit')) return exitCode
    void board.freshen(0)
    if (!run.signal.aborted) await once(run.signal, 'abort')
    return endingOf(run, exitCode)
  } finally {
    site.close()
    await server.close()
  }
}

/** A sidecar is told to stop when its work is over: that is no failure. */
function endingOf({ signal, emit }: Run, exitCode: number): number {
  const { reason } = signal
  if (!isSlipwayError(reason)) return 1
  if (reason.code === 'terminated' || reason.code === 'interrupted') return exitCode
  emit({ type: 'cleanup-failed', what: 'serving', message: reason.message })
  return reason.exitCode
}
