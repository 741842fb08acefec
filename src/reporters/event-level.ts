/** How loud each event is; one table for both reporters. */
import type { Config } from '../config/config.ts'
import type { RunEvent } from '../events.ts'

export type LogLevel = Config['logLevel']
export type EventLevel = Exclude<LogLevel, 'silent'>

const order = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 } as const satisfies Record<LogLevel, number>

export function isLoudEnough(level: EventLevel, threshold: LogLevel): boolean {
  return order[level] <= order[threshold]
}

export function levelOf(event: RunEvent): EventLevel {
  return event.tenant !== undefined && isRoutine(event) ? 'debug' : levelOfOne(event)
}

/** Of thousands of tenants, what goes well is only worth a line when it has changed something. */
function isRoutine(event: RunEvent): boolean {
  switch (event.type) {
    case 'run-started':
    case 'connected':
    case 'lock-acquired':
    case 'step-started':
      return true
    case 'notice':
      return event.code === 'put-off'
    case 'planned':
      return event.ahead.length === 0
    case 'run-finished': {
      const { exitCode, applied, skipped } = event.outcome
      return exitCode === 0 && applied.length + skipped.length === 0
    }
    default:
      return false
  }
}

function levelOfOne(event: RunEvent): EventLevel {
  switch (event.type) {
    case 'step-failed':
      return event.error.code === 'out-of-time' ? 'warn' : 'error'
    case 'run-finished':
      return event.outcome.exitCode === 0 ? 'info' : 'error'
    case 'warning':
    case 'step-retrying':
    case 'cleanup-failed':
    case 'stopping':
      return 'warn'
    case 'planned':
      return event.ahead.length > 0 ? 'warn' : 'info'
    case 'hook-finished':
      return event.failed ? 'error' : 'info'
    case 'statement-finished':
      return 'debug'
    case 'run-started':
    case 'tenants-found':
    case 'waiting-for-database':
    case 'connected':
    case 'waiting-for-lock':
    case 'lock-acquired':
    case 'notice':
    case 'step-started':
    case 'statement-echo':
    case 'progress':
    case 'step-finished':
    case 'history-amended':
    case 'migration-log':
    case 'hook-started':
    case 'hook-output':
      return 'info'
  }
}
