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
  /** In the order of sending; what failed, and was caught, has had no effect. */
  readonly sent: readonly SentStatement[]
  /** SQLite runs a body again that drops a table others refer to. */
  readonly runs: number
}

export interface Recorder extends Echo {
  /** Of the last run of the script with that name; the way down is heard under the same name after the way up. */
  take(name: string): Recording
}

/** Operations look what is there; in the scratch database it is what it will be where the SQL is run. */
function isLook(text: string): boolean {
  return /^\s*(?:select|values|with)\b|^\s*pragma\s+[\w.]+(?:\s*\([^)]*\))?\s*;?\s*$/i.test(text)
}

export function createRecorder(): Recorder {
  const heard = new Map<string, { sent: SentStatement[]; runs: number }>()
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
      const recording =
        part !== undefined && before !== undefined
          ? before
          : { sent: [] as SentStatement[], runs: (before?.runs ?? 0) + 1 }
      heard.set(name, recording)
      return {
        async query(text, values) {
          if (part === 'operations' && isLook(text)) return await executor.query(text, values)
          const statement = { text, values, ...(part === 'frame' ? { isFrame: true } : {}) }
          recording.sent.push(statement)
          try {
            return await executor.query(text, values)
          } catch (error) {
            recording.sent.splice(recording.sent.indexOf(statement), 1)
            throw error
          }
        },
      }
    },
    take(name) {
      const recording = heard.get(name) ?? { sent: [], runs: 0 }
      heard.delete(name)
      return recording
    },
  }
}
