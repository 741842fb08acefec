/** The arguments of `down`. */
import { SlipwayError } from '../errors.ts'
import { parseDuration } from '../plan/duration.ts'
import { helpHint, type ReadArguments } from './flags.ts'
import { durationForm, longestMs } from './setting-value.ts'
import { showValue } from './show-value.ts'

export interface DownCommand {
  readonly verb: 'down'
  readonly to: string | undefined
  readonly steps: number | undefined
  readonly fromHistory: boolean
  readonly dryRun: boolean
  readonly json: boolean
  readonly backup: boolean
  readonly requireBackupMs: number | undefined
  readonly allowsLoss: boolean
  readonly confirmed: string | undefined
  readonly safetyOff: boolean
}

/** Throws bad-argument and bad-value. */
export function readDown({ values }: ReadArguments): DownCommand {
  const has = (flag: string) => values.get(flag) === 'true'
  const refuse = (one: string, other: string, why: string) => {
    if (values.has(one) && values.has(other) && values.get(one) !== 'false' && values.get(other) !== 'false')
      throw new SlipwayError('bad-argument', `--${one} and --${other} contradict each other: ${why}`, {
        hint: 'give one of them',
      })
  }
  refuse('to', 'steps', 'both say how far')
  refuse('backup', 'require-backup', 'one takes a backup, the other relies on one that is there')
  refuse('dry-run', 'backup', 'a dry run changes and writes nothing')
  refuse('no-safety-checks', 'confirm', 'one wants no confirmation, the other gives it')
  return {
    verb: 'down',
    to: values.get('to'),
    steps: readSteps(values.get('steps')),
    fromHistory: has('from-history'),
    dryRun: has('dry-run'),
    json: has('json'),
    backup: has('backup'),
    requireBackupMs: readAge(values.get('require-backup')),
    allowsLoss: has('allow-data-loss'),
    confirmed: values.get('confirm'),
    safetyOff: has('no-safety-checks'),
  }
}

function readSteps(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw badValue('steps', text, 'a positive whole number')
  return Number(text)
}

function readAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined || ms > longestMs) throw badValue('require-backup', text, durationForm)
  return ms
}

function badValue(flag: string, value: string, wanted: string): SlipwayError {
  return new SlipwayError('bad-value', `--${flag} must be ${wanted}, not ${showValue(value)}`, {
    hint: helpHint('down'),
  })
}
