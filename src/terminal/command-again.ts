/** What a run that was stopped suggests to type. */
import type { Command } from '../config/arguments.ts'

/**
 * Undefined: what the errors say, `slipway up`. That would do for real what was only tried, or printed, and do again what
 * was just taken back.
 */
export function commandAgain(command: Command): string | undefined {
  switch (command.verb) {
    case 'up':
      return command.rehearse ? 'slipway up --rehearse' : command.dryRun ? 'slipway up --dry-run' : undefined
    case 'exec':
      return undefined
    case 'down':
    case 'stamp':
      // Typed again, `--steps 3` would go three steps from wherever it was stopped.
      return command.dryRun ? `slipway ${command.verb} --dry-run` : 'to see how far it came: slipway status'
    default:
      return `slipway ${command.verb}`
  }
}
