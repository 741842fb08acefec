/** `slipway sql`: what `up` and `down` send, as a file for psql. */
import { quotePostgresId } from '../../sql/quote.ts'
import { type Script, type ScriptStatement, type ScriptStep, scriptRunId } from '../script.ts'
import { createWhole } from './create-history.ts'
import { writeGrants } from './grant-readers.ts'
import {
  recordColumns,
  recordValues,
  type SpelledRecord,
  setApplied,
  spell,
  writeLogUp,
  writeStarted,
} from './history-rows.ts'
import { inlineValues } from './inline.ts'
import { type HistoryNames, literal, nameHistory, writeSearchPath } from './naming.ts'
import { resetIdentity } from './roles.ts'

/** A transaction for each migration that has one; outside of them, statements one by one. */
export async function writeScript(script: Script): Promise<string> {
  const names = nameHistory(script.history.schema ?? 'public', script.history.table)
  const place: Place = { names, script, settle: settle(script) }
  const lines = [
    ...script.title.map((line) => `-- ${line}`),
    '-- run it with: psql -X -v ON_ERROR_STOP=1 -f FILE DATABASE',
    '',
    ...place.settle,
    ...(script.history.isNew ? createHistory(place) : []),
  ]
  return [...lines, ...script.steps.flatMap((step) => ['', ...writeStep(place, step)])].join('\n')
}

interface Place {
  readonly names: HistoryNames
  readonly script: Script
  /** Between migrations: nothing that one left behind may reach the next. */
  readonly settle: readonly string[]
}

function settle({ role, searchPath }: Script): string[] {
  return [
    'discard all;',
    'set standard_conforming_strings = on;',
    ...(searchPath === undefined ? [] : [`set search_path = ${writeSearchPath(searchPath)};`]),
    ...(role === undefined ? [] : [`set role ${quotePostgresId(role)};`]),
  ]
}

function createHistory({ names, script: { readers } }: Place): string[] {
  const grants =
    readers.length === 0
      ? []
      : [writeGrants(names, { tables: readers, schema: names.schema === 'public' ? [] : readers })]
  return ['', 'begin;', ...[...createWhole(names), ...grants].map(end), 'commit;']
}

function writeStep(place: Place, step: ScriptStep): string[] {
  const title = `-- ${step.action === 'revert' || step.action === 'forget' ? 'down: ' : ''}${step.record.name}`
  const work = step.statements.length > 0 && !step.transaction ? outside(place, step) : inside(place, step)
  return [title, ...work, ...place.settle]
}

/** As transaction-texts.ts has it around the work of a migration. */
function inside({ names, script: { role } }: Place, step: ScriptStep): string[] {
  return [
    'begin;',
    `set local lock_timeout = ${step.ddlLockTimeoutMs};`,
    `lock table ${names.history} in share row exclusive mode;`,
    ...requireState(names, step),
    ...opening(names, step),
    ...(step.statementTimeoutMs > 0 ? [`set local statement_timeout = ${step.statementTimeoutMs};`] : []),
    '',
    ...step.statements.map((statement) => textOf(statement)),
    '',
    'set constraints all immediate;',
    `${resetIdentity(role)};`,
    'set local search_path = pg_catalog;',
    'set local statement_timeout = 0;',
    'set local lock_timeout = 0;',
    ...closing(names, step, 'pg_catalog.transaction_timestamp()'),
    'commit;',
  ]
}

/** As stepwise.ts sends it: history says how far it is after each statement. */
function outside(place: Place, step: ScriptStep): string[] {
  const { names } = place
  const isCounted = step.language === 'sql' && step.action === 'apply'
  const inGroup = groupMembers(step.statements)
  return [
    ...requireState(names, step),
    ...opening(names, step),
    ...(step.action === 'apply' ? [logLine(names, step, 'start')] : []),
    ...(step.statementTimeoutMs > 0 ? [`set statement_timeout = ${step.statementTimeoutMs};`] : []),
    '',
    ...step.statements.flatMap((statement, index) => [
      ...(inGroup[index] === true ? [] : [`set lock_timeout = ${lockTimeoutFor(step, statement)};`]),
      textOf(statement),
      ...(isCounted && inGroup[index + 1] !== true ? [countDone(names, step, index + 1)] : []),
    ]),
    '',
    ...place.settle,
    ...closing(names, step, 'applied_at'),
  ]
}

/** Whether a statement goes on with a transaction that one before it began. */
function groupMembers(statements: readonly ScriptStatement[]): boolean[] {
  let isOpen = false
  return statements.map(({ parsed }) => {
    const goesOn = isOpen
    const control = parsed?.transactionControl
    if (control === 'begin') isOpen = true
    if (control === 'commit' || control === 'rollback') isOpen = false
    return goesOn
  })
}

/** CREATE INDEX CONCURRENTLY waits for old snapshots; a short timeout would leave it INVALID. */
function lockTimeoutFor({ ddlLockTimeoutMs }: ScriptStep, { parsed }: ScriptStatement): number {
  return parsed?.transaction === 'refused' ? 0 : ddlLockTimeoutMs
}

/** Ends the transaction, and with ON_ERROR_STOP the script, on a database that is not where the script goes on from. */
function requireState(names: HistoryNames, { action, record, follows }: ScriptStep): string[] {
  const wanted = action === 'apply' || action === 'skip' ? follows : record.name
  if (wanted === undefined) return []
  const body = `begin
  if not exists (select from ${names.history} where name = ${literal(wanted)} and state in ('applied', 'skipped')) then
    raise exception '%', ${literal(`${wanted} is not applied here, and this script goes on from it`)};
  end if;
end`
  return [`do ${literal(body)};`]
}

function opening(names: HistoryNames, step: ScriptStep): string[] {
  if (step.action !== 'apply') return []
  return [end(writeStarted(names, spelled(step)))]
}

function closing(names: HistoryNames, step: ScriptStep, since: string): string[] {
  const record = spelled(step)
  switch (step.action) {
    case 'apply':
      return [end(setApplied(names, record, since)), end(writeLogUp(names, record))]
    case 'skip':
      return [
        end(
          `insert into ${names.history} (${recordColumns}, state, breaking, source)
values (${recordValues(record)}, 'skipped', ${record.breaking}, ${record.source})`,
        ),
        logLine(names, step, 'skip'),
      ]
    case 'revert':
    case 'forget':
      return [end(`delete from ${names.history}\nwhere name = ${record.name}`), logLine(names, step, 'down')]
  }
}

function countDone(names: HistoryNames, { record }: ScriptStep, done: number): string {
  return `update ${names.history} set statements_done = ${done} where name = ${literal(record.name)};`
}

function logLine(names: HistoryNames, step: ScriptStep, event: 'start' | 'skip' | 'down'): string {
  const done = event === 'start' ? '0' : 'null'
  return end(
    `insert into ${names.log} (${recordColumns}, event, statements_done)
values (${recordValues(spelled(step))}, ${literal(event)}, ${done})`,
  )
}

/** Whoever runs the script is who applied it. */
function spelled({ record }: ScriptStep): SpelledRecord {
  return { ...spell({ ...record, runId: scriptRunId }), appliedBy: 'session_user::text' }
}

function textOf({ text, values }: ScriptStatement): string {
  return end(inlineValues(text, values))
}

/** A comment at the end would swallow the semicolon. */
function end(text: string): string {
  const trimmed = text.trim().replace(/;$/, '')
  return /--[^\n]*$/.test(trimmed) ? `${trimmed}\n;` : `${trimmed};`
}
