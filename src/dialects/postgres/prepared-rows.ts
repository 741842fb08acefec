/**
 * The three statements that every transactional migration writes history with, prepared once: parsing and planning them
 * anew takes the server twice as long as executing them.
 */

import type { ParsedStatement } from '../../sql/statement.ts'
import type { StepRecord } from '../dialect.ts'
import { isServerError } from './errors.ts'
import { type SpelledRecord, writeApplied, writeLogUp, writeStarted } from './history-rows.ts'
import { type HistoryNames, literal } from './naming.ts'

/** Whether the session has them, once everything that was sent so far has been done. */
export interface PreparedRows {
  ready: boolean
}

const parameters: SpelledRecord = {
  name: '$1',
  checksum: '$2',
  appliedBy: '$3',
  runnerVersion: '$4',
  runId: '$5',
  breaking: '$6',
  source: '$7',
}

/** Sent outside of the transaction, in which search_path and role may be anything. */
export function prepareRows(names: HistoryNames, returning: { started: string; logged: string }): string {
  const record = 'text, text, text, text, text'
  return [
    `prepare slipway_started (${record}, boolean, text) as\n${writeStarted(names, parameters)}\nreturning ${returning.started}`,
    `prepare slipway_applied (text, text) as\n${writeApplied(names, { name: '$1', runId: '$2' }, 'pg_catalog.transaction_timestamp()')}`,
    `prepare slipway_logged (${record}) as\n${writeLogUp(names, parameters)}\nreturning ${returning.logged}`,
  ].join(';\n')
}

export function executeStarted(record: StepRecord): string {
  return `execute slipway_started (${values(record)}, ${record.breaking}, ${literal(record.source)})`
}

export function executeApplied(record: StepRecord): string {
  return `execute slipway_applied (${literal(record.name)}, ${literal(record.runId)});
execute slipway_logged (${values(record)})`
}

function values(record: StepRecord): string {
  return [record.name, record.checksum, record.appliedBy, record.runnerVersion, record.runId]
    .map(literal)
    .join(', ')
}

/** A migration that has to do with prepared statements of its own, as far as its text tells. */
export function mayForget(statements: readonly ParsedStatement[]): boolean {
  return statements.some(({ text }) => /\b(?:prepare|deallocate|discard)\b/i.test(text))
}

/** 26000: what a function did to them, for one, is in no text. */
export function isForgotten(error: unknown): boolean {
  return isServerError(error) && error.code === '26000'
}
