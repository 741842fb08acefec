/** Hears what scripts send while they run in a scratch database. */
import { SlipwayError } from '../errors.ts'
import type { Echo } from './echo.ts'

export interface SentStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Of a transaction that the runner put around an operation. */
  readonly isFrame?: boolean
}

export interface Recording {
  /** In the order of their effects; what failed, and was caught, has had none. */
  readonly sent: readonly SentStatement[]
  /** SQLite runs a body again that drops a table others refer to. */
  readonly runs: number
}

export interface Recorder extends Echo {
  /** Of the last run of the script with that name; the way down is heard under the same name after the way up. */
  take(name: string): Recording
}

/**
 * Operations look what is there; in the scratch database it is what it will be where the SQL is run. What PostgreSQL makes
 * and takes back to compare definitions is a look as well.
 */
function isLook(text: string): boolean {
  return /^savepoint slipway_look\b|^\s*(?:select|values|with)\b|^\s*pragma\s+[\w.]+(?:\s*\([^)]*\))?\s*;?\s*$/i.test(
    text,
  )
}

interface Heard extends SentStatement {
  readonly byOperation: boolean
}

export function createRecorder(): Recorder {
  const heard = new Map<string, { sent: Heard[]; runs: number }>()
  return {
    done() {},
    failed() {},
    said(name) {
      throw new SlipwayError(
        'long-work-refused',
        `${name} does work that goes on in many transactions, by what it finds in the database: that is no SQL to print`,
        {
          migration: name,
          hint: 'leave it to slipway up, and print what is before and after it: slipway sql --to NAME',
        },
      )
    },
    overhear(executor, name, part) {
      const before = heard.get(name)
      const byOperation = part !== undefined
      const recording =
        byOperation && before !== undefined ? before : { sent: [] as Heard[], runs: (before?.runs ?? 0) + 1 }
      heard.set(name, recording)
      return {
        async query(text, values) {
          const statement = { text, values, byOperation, ...(part === 'frame' ? { isFrame: true } : {}) }
          // A frame has been sent when it is told.
          if (part === 'frame') recording.sent.push(statement)
          const rows = await executor.query(text, values)
          // A session answers in the order in which it works: what waited for an operation comes after it.
          if (part === undefined || (part === 'operations' && !isLook(text))) recording.sent.push(statement)
          return rows
        },
      }
    },
    attempt(name) {
      const recording = heard.get(name)
      const before = new Set(recording?.sent)
      return () => {
        if (recording !== undefined)
          recording.sent = recording.sent.filter((one) => before.has(one) || !one.byOperation)
      }
    },
    take(name) {
      const recording = heard.get(name) ?? { sent: [], runs: 0 }
      heard.delete(name)
      return recording
    },
  }
}
