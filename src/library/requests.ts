/** What the verbs of a migrator take, checked. */
import { SlipwayError } from '../errors.ts'
import type { UpRequest } from '../engine/planning.ts'
import type { StampRequest } from '../engine/stamp.ts'
import { parseDuration } from '../plan/duration.ts'
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
export function toUpRequest({ to, steps, singleTransaction }: UpOptions): UpRequest {
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0))
    throw badArgument('option steps must be a whole number from 1', 'up({ steps: 1 })')
  return {
    together: singleTransaction === true,
    ...(to === undefined ? {} : { target: parseTarget(to) }),
    ...(steps === undefined ? {} : { steps }),
  }
}

/** Throws bad-argument. */
export function toStampRequest(target: string, { only }: StampOptions): StampRequest {
  return { target: parseTarget(target), only: only === true }
}

/** Throws bad-argument. */
export function toDownPlan(options: DownOptions): DownPlan {
  const { to, steps, requireBackup } = options
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0))
    throw badArgument('option steps must be a whole number from 1', 'down({ steps: 1 })')
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

/** Milliseconds. Throws bad-argument. */
export function readTimeout(text = '10m'): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw badArgument('option timeout must be a duration', "wait({ timeout: '30s' })")
}

function badArgument(message: string, hint: string): SlipwayError {
  return new SlipwayError('bad-argument', message, { hint })
}
