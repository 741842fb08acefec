/**
 * The message kubectl shows for a finished container: at most 4096 bytes, read by the kubelet from a file;
 * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { RunOutcome } from '../events.ts'
import { noRedaction, type Redactor } from '../redact.ts'
import { type ErrorFields, toErrorFields } from './error-fields.ts'
import { countTenants } from './outcome-json.ts'
import { toPlainData } from './plain-data.ts'

export const maxTerminationBytes = 4096

interface Room {
  /** Names listed per list, reasons listed, and bytes for each string as serialised. */
  readonly names: number
  readonly reasons: number
  readonly bytes: number
}

/** From generous to terse; the last one always fits: about 20 strings of 100 bytes. */
const rooms: readonly Room[] = [
  { names: 50, reasons: 20, bytes: 1500 },
  { names: 15, reasons: 10, bytes: 600 },
  { names: 5, reasons: 5, bytes: 250 },
  { names: 1, reasons: 1, bytes: 100 },
]

/**
 * JSON with `exitCode`, `verb`, `runId`, `durationMs`, `counts` (exact), `applied`, `pending`, `skipped` and `ahead`
 * (the first names), and `error` with `reasons`. At most 4096 bytes of UTF-8: where that is too little, lists get
 * shorter and strings end with `…`.
 */
export function summariseOutcome(outcome: RunOutcome, redact: Redactor = noRedaction): string {
  let summary = ''
  for (const room of rooms) {
    summary = JSON.stringify(summarise(outcome, redact, room))
    if (Buffer.byteLength(summary) <= maxTerminationBytes) break
  }
  return summary
}

function summarise(outcome: RunOutcome, redact: Redactor, room: Room): unknown {
  const { applied, pending, skipped, ahead, error, tenants } = outcome
  const fit = (text: string) => clipToBytes(redact(text), room.bytes)
  return toPlainData(
    {
      exitCode: outcome.exitCode,
      verb: outcome.verb,
      runId: outcome.runId,
      durationMs: outcome.durationMs,
      counts: {
        applied: applied.length,
        pending: pending.length,
        skipped: skipped.length,
        ahead: ahead.length,
      },
      tenants: tenants === undefined ? undefined : countTenants(tenants),
      error: error === undefined ? undefined : summariseError(toErrorFields(error, { stack: false }), room),
      applied: applied.slice(-room.names),
      pending: pending.slice(0, room.names),
      skipped: skipped.slice(0, room.names),
      ahead: ahead.slice(0, room.names),
    },
    { redact: fit, keys: 'own' },
  )
}

function summariseError(fields: ErrorFields, room: Room): unknown {
  const { code, message, hint, migration, file, line, column, sqlstate, detail, statement } = fields
  const reasons = fields.reasons?.slice(0, room.reasons).map((reason) => reason.message)
  return { code, message, hint, migration, file, line, column, sqlstate, detail, statement, reasons }
}

/** At most `bytes` once JSON has escaped it, cut between code points. */
function clipToBytes(text: string, bytes: number): string {
  const size = (part: string) => Buffer.byteLength(JSON.stringify(part)) - 2
  if (size(text) <= bytes) return text
  let clipped = ''
  let used = size('…')
  for (const point of text) {
    used += size(point)
    if (used > bytes) break
    clipped += point
  }
  return `${clipped}…`
}

export interface TerminationOptions {
  /** `/dev/termination-log` unless the pod says otherwise. */
  readonly path: string
  readonly outcome: RunOutcome
  readonly redact: Redactor
}

/** Replaces the content of the file if it exists and can be written. Returns whether it did; never throws, never creates. */
export function writeTerminationMessage({ path, outcome, redact }: TerminationOptions): boolean {
  let file: number | undefined
  try {
    // Without O_CREAT the file's existence is the test; O_NONBLOCK keeps a FIFO from blocking the exit.
    file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    const summary = summariseOutcome(outcome, redact)
    // Fails with EINVAL on anything but a regular file.
    ftruncateSync(file)
    writeSync(file, summary)
    return true
  } catch {
    return false
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
