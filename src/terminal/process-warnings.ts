/** Node's own warnings as lines of the log: printed by Node they would stand between JSON lines. Only the command line uses this. */
import type { Listener } from '../events.ts'

/**
 * Takes the place of Node's printing. That a feature is experimental concerns nobody who runs migrations, so those
 * warnings are dropped; others (a deprecation, a listener leak) may be of a migration's making.
 */
export function tellProcessWarnings(emit: Listener): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    if (name !== 'ExperimentalWarning')
      emit({ type: 'warning', code: 'node', message: `Node: ${name}: ${message}` })
  })
}
