/** From whatever a step threw to the error a person reads: which statement, where in the file, what the server said. */
import { fileURLToPath } from 'node:url'
import { type Fault, StatementError } from '../dialects/dialect.ts'
import {
  type ErrorCode,
  type ErrorFacts,
  isSlipwayError,
  messageOf,
  SlipwayError,
  type SourceLocation,
} from '../errors.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { repairCommand } from '../plan/repair.ts'
import { excerptAt } from '../sql/excerpt.ts'
import type { FailedQuery } from './context/tracker.ts'
import type { Run } from './run.ts'

export interface FailedStep {
  readonly migration: LoadedMigration
  readonly thrown: unknown
  /** The first query of a script that failed. */
  readonly query: FailedQuery | undefined
}

/** The fault that decides what happens next. */
export function faultOf(run: Run, step: FailedStep): Fault {
  return run.dialect.explain(originOf(run, step))
}

/** After a swallowed error PostgreSQL refuses everything else with 25P02; the first error is the reason. */
function originOf(run: Run, { thrown, query }: FailedStep): unknown {
  const cause = thrown instanceof StatementError ? thrown.cause : thrown
  return query !== undefined && run.dialect.explain(cause).sqlstate === '25P02' ? query.error : cause
}

/** `code` for what is neither a SlipwayError nor explained better by its kind. */
export function describeFailure(
  run: Run,
  step: FailedStep,
  code: ErrorCode = 'migration-failed',
): SlipwayError {
  const { name } = step.migration.file
  if (isSlipwayError(step.thrown)) return placeError(step, step.thrown)
  const origin = originOf(run, step)
  const fault = run.dialect.explain(origin)
  const location = locate(step, origin, fault)
  const statement = statementOf(step)
  const where = statement === undefined ? '' : ` at statement ${statement.index} of ${statement.total}`
  const reason = fault.kind === 'other' ? describeThrown(origin) : fault.message
  return new SlipwayError(code, `${titleOf(step)} failed${where}: ${reason}`, {
    migration: name,
    ...hintFor(step, code),
    cause: origin,
    ...(location === undefined ? {} : { location }),
    ...(statement === undefined ? {} : { statement }),
    ...serverFacts(fault),
  })
}

function titleOf({ migration: { file, direction } }: FailedStep): string {
  return direction === 'down' ? `the down of ${file.name}` : file.name
}

/** The table's hints are about `up`. */
function hintFor(
  { migration: { direction, file, options } }: FailedStep,
  code: ErrorCode,
): { hint?: string } {
  if (direction !== 'down') return {}
  if (code !== 'migration-failed') return { hint: 'run again: slipway down' }
  // What is being reverted may be edited behind the statements that are done.
  const accepted = options.transaction
    ? `, have the edit accepted (${repairCommand('accept', file.name)})`
    : ''
  return { hint: `correct its down${accepted}, then: slipway down` }
}

/** JavaScript can throw anything; what says nothing by itself is given a verb. */
function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error || (typeof thrown === 'string' && thrown.trim() !== ''))
    return messageOf(thrown)
  return `it threw ${typeof thrown === 'string' ? 'an empty string' : messageOf(thrown)}`
}

export function serverFacts(fault: Fault): ErrorFacts {
  return {
    ...(fault.sqlstate === undefined ? {} : { sqlstate: fault.sqlstate }),
    ...(fault.detail === undefined ? {} : { detail: fault.detail }),
    ...(fault.hint === undefined ? {} : { serverHint: fault.hint }),
    ...(fault.context === undefined ? {} : { context: fault.context }),
  }
}

/** A SlipwayError thrown from inside a step (not-awaited, foreign-keys): the place is added. */
function placeError(step: FailedStep, error: SlipwayError): SlipwayError {
  if (error.facts.location !== undefined) return error
  const location = locateInScript(step.migration, error.stack)
  return new SlipwayError(error.code, `${titleOf(step)}: ${error.message}`, {
    ...error.facts,
    hint: error.hint,
    migration: step.migration.file.name,
    cause: error,
    ...(location === undefined ? {} : { location }),
  })
}

function statementOf(step: FailedStep): { index: number; total: number } | undefined {
  const { body } = step.migration
  if (body.kind !== 'sql' || !(step.thrown instanceof StatementError)) return undefined
  return { index: step.thrown.index + 1, total: body.statements.length }
}

function locate(step: FailedStep, origin: unknown, fault: Fault): SourceLocation | undefined {
  const { body, file } = step.migration
  if (body.kind === 'sql') {
    const statement = step.thrown instanceof StatementError ? body.statements[step.thrown.index] : undefined
    if (statement === undefined) return { file: file.up.shown }
    return { file: file.up.shown, ...excerptAt(file.up.text, statement.offset + (fault.position ?? 0)) }
  }
  if (step.query !== undefined && step.query.error === origin) {
    const place = locateInScript(step.migration, step.query.stack)
    if (place === undefined || fault.position === undefined) return place
    return { ...place, excerpt: excerptAt(step.query.text, fault.position).excerpt }
  }
  return locateInScript(step.migration, origin instanceof Error ? origin.stack : undefined)
}

/** The first stack frame inside the migration's own file. */
export function locateInScript(
  migration: LoadedMigration,
  stack: string | undefined,
): SourceLocation | undefined {
  const { up } = migration.file
  if (migration.body.kind === 'sql') return undefined
  for (const line of (stack ?? '').split('\n').slice(1)) {
    const frame = /(file:\/\/[^\s)]+?|\/[^\s)]+?)(?:\?[^\s):]*)?:(\d+):(\d+)\)?$/.exec(line.trim())
    if (frame === null || toPath(frame[1] ?? '') !== up.path) continue
    const [row, column] = [Number(frame[2]), Number(frame[3])]
    return { file: up.shown, ...excerptAt(up.text, offsetOf(up.text, row, column)) }
  }
  return { file: up.shown }
}

function toPath(place: string): string {
  try {
    return place.startsWith('file:') ? fileURLToPath(place) : place
  } catch {
    return place
  }
}

function offsetOf(text: string, line: number, column: number): number {
  let offset = 0
  for (let row = 1; row < line; row++) {
    const next = text.indexOf('\n', offset)
    if (next === -1) return text.length
    offset = next + 1
  }
  return Math.min(text.length, offset + column - 1)
}

/** For errors outside any migration: reading history, taking the lock, closing. */
export function describeSessionFailure(run: Run, error: unknown, doing: string): unknown {
  if (isSlipwayError(error)) return error
  const fault = run.dialect.explain(error)
  const facts = { cause: error, ...serverFacts(fault) }
  const message = `${doing} on ${run.url.shown}: ${fault.message}`
  switch (fault.kind) {
    case 'session-lost':
    case 'not-ready':
      return new SlipwayError('session-lost', message, facts)
    case 'pooler':
      return new SlipwayError('pooler-refused', message, facts)
    case 'retryable':
    case 'cancelled':
      return new SlipwayError('transient', message, facts)
    case 'privilege':
      return new SlipwayError('privilege-missing', message, facts)
    case 'read-only':
      return new SlipwayError('read-only', message, facts)
    case 'disk-full':
      return new SlipwayError('disk-full', message, facts)
    case 'not-writable':
      return new SlipwayError('not-writable', message, facts)
    case 'statement':
      return new SlipwayError('history-broken', message, facts)
    default:
      return new SlipwayError('bug', `${doing}: ${messageOf(error)}`, { cause: error })
  }
}
