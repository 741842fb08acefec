/** What a run that was stopped suggests to type. */
import type { Command } from '../config/arguments.ts'

/** Undefined: what the errors say, `slipway up`. That would do for real what was only tried, or printed. */
export function commandAgain(command: Command): string | undefined {
  switch (command.verb) {
    case 'up':
      return command.rehearse ? 'slipway up --rehearse' : command.dryRun ? 'slipway up --dry-run' : undefined
    case 'sql':
    case 'roundtrip':
    case 'dump':
      return `slipway ${command.verb}`
    default:
      return undefined
  }
}
