/** What the live line says of things that take time. */
import type { RunEvent } from '../events.ts'
import { formatDuration, formatElapsed } from '../text/format-time.ts'
import { visibleText } from '../text/visible-text.ts'
import type { Activity } from './progress.ts'
import { describeProgress, drawProgress, type ProgressEvent } from './progress-text.ts'
import type { RunMemory } from './run-memory.ts'

/** The activity that an event begins, if it begins one. `memory` already knows the event. */
export function activityOf(
  event: RunEvent,
  memory: RunMemory,
  clean: (text: string) => string,
): Activity | undefined {
  switch (event.type) {
    case 'waiting-for-database':
    case 'waiting-for-lock': {
      const limit = formatDuration(event.timeoutMs)
      return { describe: (ms) => `  ${formatElapsed(event.elapsedMs + ms)} of ${limit}` }
    }
    case 'step-started':
      return event.action === 'skip' ? undefined : describeStep(visibleText(clean(event.name)), memory)
    case 'hook-started':
      return describeHook(visibleText(clean(event.hook)))
    default:
      return undefined
  }
}

/** Whether what was going on is over with this event. */
export function endsActivity(event: RunEvent): boolean {
  switch (event.type) {
    case 'connected':
    case 'lock-acquired':
    case 'step-finished':
    case 'step-failed':
    case 'hook-finished':
    case 'run-finished':
      return true
    default:
      return false
  }
}

function describeStep(name: string, memory: RunMemory): Activity {
  const position = memory.steps.length > 1 ? `  (${memory.begun} of ${memory.steps.length})` : ''
  return {
    describe: (ms) =>
      `▸ ${name}${position}  ${formatElapsed(ms)}${describeStatements(memory)}${describeWork(memory, drawProgress)}`,
    beat: (ms) =>
      `… ${name} has been running for ${formatElapsed(ms)}${describeStatements(memory)}${describeWork(memory, describeProgress)}`,
  }
}

function describeHook(name: string): Activity {
  return {
    describe: (ms) => `▸ ${name}  ${formatElapsed(ms)}`,
    beat: (ms) => `… ${name} has been running for ${formatElapsed(ms)}`,
  }
}

function describeWork({ progress }: RunMemory, say: (event: ProgressEvent) => string): string {
  return progress === undefined ? '' : `, ${visibleText(say(progress))}`
}

function describeStatements({ statements }: RunMemory): string {
  if (statements === undefined || statements.total === 0) return ''
  return `, ${statements.done} of ${statements.total} statements done`
}
