/** Whether and where a report is written. */
import type { Command } from '../config/arguments.ts'
import type { Config } from '../config/config.ts'
import type { Listener } from '../events.ts'
import { version } from '../version.ts'
import type { ReportFile } from './report-file.ts'

/** A run that changes something. */
function isRun(command: Command): boolean {
  if (command.verb === 'up') return !command.dryRun && !command.rehearse
  return command.verb === 'exec' || command.verb === 'serve'
}

/** `serve` stays, and is scraped. */
export function endsWithItsRun(command: Command): boolean {
  return isRun(command) && command.verb !== 'serve'
}

/** Throws report-unwritable. */
export async function openReport(
  config: Config,
  command: Command,
  { listen }: { readonly listen: Listener },
): Promise<ReportFile | undefined> {
  if (config.report === undefined || !isRun(command)) return undefined
  const { openReportFile } = await import('./report-file.ts')
  return openReportFile({
    path: config.report,
    verb: command.verb,
    slipway: version,
    redact: config.redact,
    warn: (what, message) => listen({ type: 'cleanup-failed', what, message }),
  })
}
