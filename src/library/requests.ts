/** What the verbs of a migrator take, checked. */

import type { UpRequest } from '../engine/planning.ts'
import type { StampRequest } from '../engine/stamp.ts'
import { SlipwayError } from '../errors.ts'
import { parseDuration } from '../plan/duration.ts'
import { nearest } from '../plan/nearest.ts'
import { parseTarget } from '../plan/target.ts'
import type { DownPlan } from './down.ts'

/** What every verb takes. */
export interface VerbOptions {
  /** Stops this call alone, as the migrator's own signal stops all. */
  readonly signal?: AbortSignal | undefined
}

/** What `up` and `plan` take. */
export interface UpOptions extends VerbOptions {
  /** The last migration to apply: a name, a version, a unique part of a name, `head`, `+2`. Default: everything. */
  readonly to?: string | undefined
  /** At most so many. */
  readonly steps?: number | undefined
  /** All of them in one transaction, or none. */
  readonly singleTransaction?: boolean | undefined
}

/** What `stamp` takes. */
export interface StampOptions extends VerbOptions {
  /** Only the target, not everything up to it. */
  readonly only?: boolean | undefined
  /** Only say what would be recorded. */
  readonly dryRun?: boolean | undefined
}

/** What `down` takes. */
export interface DownOptions extends VerbOptions {
  /** What was applied after this one goes: a name, a version, a unique part of a name, `base`, `-2`. Default: the newest goes. */
  readonly to?: string | undefined
  /** The newest so many. */
  readonly steps?: number | undefined
  /** What has no file here is reverted by the text that history stored. */
  readonly fromHistory?: boolean | undefined
  /** Tables, columns and rows that hold data may go. */
  readonly allowDataLoss?: boolean | undefined
  /** Takes one first, into the folder of the option `backupDir`. */
  readonly backup?: boolean | undefined
  /** The newest file in that folder must be a backup of this database, and no older than this: `24h`. */
  readonly requireBackup?: string | undefined
  /** Only say what would go. */
  readonly dryRun?: boolean | undefined
}

/** What `history` takes. */
export interface HistoryOptions extends VerbOptions {
  /** The log of everything that was ever done as well, failures included. */
  readonly all?: boolean | undefined
}

/** What `wait` takes. */
export interface WaitOptions extends VerbOptions {
  /** How long, as `500ms`, `30s`, `5m`, `1h` or `0`. Default: `10m`. */
  readonly timeout?: string | undefined
  /** `database`: only until it answers. Default: `migrations`. */
  readonly for?: 'migrations' | 'database' | undefined
}

/** Throws bad-argument. */
export function toUpRequest(options: UpOptions): UpRequest {
  const { to, steps, singleTransaction } = options
  requireSteps(steps, 'up({ steps: 1 })')
  if (steps !== undefined && to !== undefined)
    throw badArgument('options steps and to say two things', "up({ to: 'head' })")
  return {
    together: singleTransaction === true,
    ...(to === undefined ? {} : { target: parseTarget(to) }),
    ...(steps === undefined ? {} : { steps }),
  }
}

/** Throws bad-argument. */
export function toStampRequest(target: string, { only }: StampOptions): StampRequest {
  if (typeof target !== 'string') throw badArgument('stamp takes a target', "stamp('head')")
  return { target: parseTarget(target), only: only === true }
}

/** Throws bad-argument. */
export function toDownPlan(options: DownOptions): DownPlan {
  const { to, steps, requireBackup } = options
  requireSteps(steps, 'down({ steps: 1 })')
  if (steps !== undefined && to !== undefined)
    throw badArgument('options steps and to say two things', "down({ to: 'base' })")
  const requireBackupMs = requireBackup === undefined ? undefined : parseDuration(requireBackup)
  if (requireBackup !== undefined && requireBackupMs === undefined)
    throw badArgument('option requireBackup must be a duration', "down({ requireBackup: '24h' })")
  return {
    request: {
      fromHistory: options.fromHistory === true,
      ...(to === undefined ? {} : { target: parseTarget(to) }),
      ...(steps === undefined ? {} : { steps }),
    },
    dryRun: options.dryRun === true,
    allowsLoss: options.allowDataLoss === true,
    backup: options.backup === true,
    requireBackupMs,
  }
}

function requireSteps(steps: number | undefined, example: string): void {
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0))
    throw badArgument('option steps must be a whole number from 1', example)
}

type OptionType = 'string' | 'number' | 'boolean' | 'object'

/** What each verb takes, for callers whose language checks nothing. */
const optionTypes: Readonly<Record<string, Readonly<Record<string, OptionType>>>> = {
  up: { to: 'string', steps: 'number', singleTransaction: 'boolean' },
  plan: { to: 'string', steps: 'number', singleTransaction: 'boolean' },
  down: {
    to: 'string',
    steps: 'number',
    fromHistory: 'boolean',
    allowDataLoss: 'boolean',
    backup: 'boolean',
    requireBackup: 'string',
    dryRun: 'boolean',
  },
  stamp: { only: 'boolean', dryRun: 'boolean' },
  history: { all: 'boolean' },
  wait: { timeout: 'string', for: 'string' },
}

/** An option that is misspelt would silently do nothing. Throws bad-argument. */
export function checkOptions(method: string, options: VerbOptions): void {
  if (typeof options !== 'object' || options === null)
    throw badArgument(`${method} takes an object of options`, `${method}({})`)
  const known: Readonly<Record<string, OptionType>> = { ...optionTypes[method], signal: 'object' }
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(known, name) ? known[name] : undefined
    if (type === undefined) {
      const near = nearest(name, Object.keys(known))
      throw badArgument(
        `unknown option ${name} of ${method}`,
        near === undefined ? `it knows ${Object.keys(known).join(', ')}` : `did you mean ${near}?`,
      )
    }
    if (value !== undefined && typeof value !== type)
      throw badArgument(`option ${name} of ${method} must be a ${type}`, `it is a ${typeof value}`)
  }
}

/** Milliseconds. Throws bad-argument. */
export function readTimeout(text = '10m'): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw badArgument('option timeout must be a duration', "wait({ timeout: '30s' })")
}

/** Throws bad-argument. */
export function requireWaitFor(wanted: WaitOptions['for'] = 'migrations'): 'migrations' | 'database' {
  if (wanted === 'migrations' || wanted === 'database') return wanted
  throw badArgument('option for must be migrations or database', "wait({ for: 'database' })")
}

function badArgument(message: string, hint: string): SlipwayError {
  return new SlipwayError('bad-argument', message, { hint })
}
