/** The arguments of the verbs that change history or free the lock: every one of them says what, never guesses. */
import { SlipwayError } from '../errors.ts'
import type { RepairAction, RepairRequest } from '../plan/repair.ts'
import { helpHint, type ReadArguments } from './flags.ts'
import { showValue } from './show-value.ts'

export interface StampCommand {
  readonly verb: 'stamp'
  readonly target: string
  readonly only: boolean
  readonly dryRun: boolean
  readonly yes: boolean
}

export interface RepairCommand {
  readonly verb: 'repair'
  /** Undefined: list what there is to repair. */
  readonly request: RepairRequest | undefined
  readonly yes: boolean
}

export interface UnlockCommand {
  readonly verb: 'unlock'
  readonly terminate: boolean
  readonly json: boolean
  readonly yes: boolean
}

type HasFlag = (flag: string) => boolean

/** Throws bad-argument. */
export function readStamp(words: readonly string[], has: HasFlag): StampCommand {
  const [target, surplus] = words
  if (target === undefined || target.trim() === '')
    throw new SlipwayError('bad-argument', 'slipway stamp needs a target', {
      hint: 'slipway stamp head, or a name, a version, a unique part of a name',
    })
  if (surplus !== undefined)
    throw new SlipwayError(
      'bad-argument',
      `slipway stamp takes one target, and ${showValue(surplus)} is a second`,
      { hint: helpHint('stamp') },
    )
  return { verb: 'stamp', target, only: has('only'), dryRun: has('dry-run'), yes: has('yes') }
}

const repairFlags: readonly RepairAction[] = ['accept', 'finished', 'retry', 'forget']

/** Throws bad-argument. */
export function readRepair({ values }: ReadArguments): RepairCommand {
  const requests = repairFlags.flatMap((action) => {
    const name = values.get(action)
    return name === undefined ? [] : [{ action, name }]
  })
  const [request, other] = requests
  if (request !== undefined && other !== undefined)
    throw new SlipwayError(
      'bad-argument',
      `--${request.action} and --${other.action} are two repairs, and each is confirmed by itself`,
      { hint: 'give one of them' },
    )
  const yes = values.get('yes') === 'true'
  if (yes && request === undefined)
    throw new SlipwayError('bad-argument', '--yes confirms a repair, and none is given', {
      hint: 'to see what there is to repair: slipway repair',
    })
  return { verb: 'repair', request, yes }
}

/** Throws bad-argument. */
export function readUnlock(has: HasFlag): UnlockCommand {
  const [terminate, json, yes] = [has('terminate'), has('json'), has('yes')]
  if (terminate && json)
    throw new SlipwayError('bad-argument', '--json tells who holds the lock, and --terminate ends it', {
      hint: 'give one of them',
    })
  if (yes && !terminate)
    throw new SlipwayError('bad-argument', '--yes confirms --terminate, and that is not there', {
      hint: 'slipway unlock --terminate --yes, or slipway unlock to see who holds the lock',
    })
  return { verb: 'unlock', terminate, json, yes }
}
