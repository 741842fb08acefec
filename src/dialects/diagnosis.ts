/** What `doctor` says of each thing. */
import type { ErrorCode } from '../errors.ts'

/** One thing that was looked at for `doctor`. */
export interface Diagnosis {
  /** What it is about, in a word: `privileges`. */
  readonly check: string
  readonly level: 'ok' | 'warn' | 'fail'
  readonly message: string
  /** What to type or do about it. */
  readonly remedy?: string
  /** Of a failure; its exit code is that of the verb when it is the first. */
  readonly code?: ErrorCode
}
