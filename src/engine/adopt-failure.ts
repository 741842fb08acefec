/** Why a history was not taken over, and what to type then. */
import { isSlipwayError, SlipwayError } from '../errors.ts'
import { describeSessionFailure } from './failure.ts'
import type { Run } from './run.ts'

/** `changed`: files of the folder that are slipway's already, whatever the database said afterwards. */
export function describeAdoptFailure(run: Run, thrown: unknown, changed: number): unknown {
  const error = describeSessionFailure(run, thrown, 'taking over a history')
  if (!isSlipwayError(error)) return error
  const files = changed === 1 ? '1 file of the folder was' : `${changed} files of the folder were`
  const told = `; ${files} converted or moved before that, and the same command does the rest`
  return new SlipwayError(error.code, `${error.message}${changed === 0 ? '' : told}`, {
    ...error.facts,
    // The table's hints are about `up`, which must not run before the history is there.
    hint: error.facts.hint ?? error.hint.replace('slipway up', 'slipway adopt'),
    cause: error.cause ?? error,
  })
}
