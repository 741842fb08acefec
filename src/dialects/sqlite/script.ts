/** `slipway sql`: what `up` and `down` run, as a file for the sqlite3 command line. */
import { type Script, type ScriptStatement, type ScriptStep, scriptRunId } from '../script.ts'
import { dropsAnyTable } from './foreign-keys.ts'
import { createWhole, type HistoryTables, nameHistoryTables } from './history.ts'
import { inlineValues, textLiteral } from './inline.ts'
import { formUnits, type Unit } from './units.ts'

/** A transaction for each migration that has one; outside of them, statements one by one. */
export async function writeScript(script: Script): Promise<string> {
  const tables = nameHistoryTables({ table: script.history.table, schema: undefined })
  const lines = [
    ...script.title.map((line) => `-- ${line}`),
    '-- run it with: sqlite3 -bail DATABASE < FILE',
    ...(script.history.isNew ? ['', 'begin immediate;', ...createWhole(tables).map(end), 'commit;'] : []),
  ]
  return [...lines, ...script.steps.flatMap((step) => ['', ...writeStep(tables, step)])].join('\n')
}

function writeStep(tables: HistoryTables, step: ScriptStep): string[] {
  const title = `-- ${step.action === 'revert' || step.action === 'forget' ? 'down: ' : ''}${step.record.name}`
  const work = step.statements.length > 0 && !step.transaction ? outside(tables, step) : inside(tables, step)
  return [title, ...requireState(tables, step), ...work]
}

function inside(tables: HistoryTables, step: ScriptStep): string[] {
  const parsed = step.statements.flatMap((statement) => statement.parsed ?? [])
  const isOff = step.dropsParent || dropsAnyTable(parsed)
  return [
    `pragma foreign_keys = ${isOff ? 'off' : 'on'};`,
    'begin immediate;',
    ...opening(tables, step),
    '',
    ...step.statements.map(textOf),
    '',
    // Shown by sqlite3: there must be no more of them than before.
    ...(isOff ? ['pragma foreign_key_check;'] : []),
    ...closing(tables, step),
    'commit;',
  ]
}

function outside(tables: HistoryTables, step: ScriptStep): string[] {
  const parsed = step.statements.flatMap((statement) => statement.parsed ?? [])
  const isCounted = step.language === 'sql' && step.action === 'apply'
  const work =
    step.language === 'sql'
      ? formUnits(parsed).flatMap((unit) => [
          ...writeUnit(unit),
          ...(isCounted ? [countDone(tables, step, unit.first + unit.statements.length)] : []),
        ])
      : step.statements.map(textOf)
  return [
    'pragma foreign_keys = on;',
    ...opening(tables, step),
    ...(step.action === 'apply' ? [logLine(tables, step, { event: 'start', done: 0 })] : []),
    '',
    ...work,
    '',
    ...closing(tables, step),
  ]
}

/** A group that drops a table runs without enforcement, as in stepwise-sql.ts. */
function writeUnit({ kind, statements }: Unit): string[] {
  const texts = statements.map(({ text }) => end(text))
  const isShielded = kind === 'group' && dropsAnyTable(statements)
  return isShielded ? ['pragma foreign_keys = off;', ...texts, 'pragma foreign_keys = on;'] : texts
}

/** SQLite raises errors from triggers alone; here a null where none may be ends the script, with -bail. */
function requireState(tables: HistoryTables, { action, record, follows }: ScriptStep): string[] {
  const wanted = action === 'apply' || action === 'skip' ? follows : record.name
  if (wanted === undefined) return []
  return [
    'create temp table if not exists slipway_requires (migration text not null);',
    `insert into temp.slipway_requires values ((select name from ${tables.history} where name = ${textLiteral(wanted)} and state in ('applied', 'skipped')));`,
    'drop table temp.slipway_requires;',
  ]
}

const now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

function opening(tables: HistoryTables, step: ScriptStep): string[] {
  return step.action === 'apply' ? [insertRow(tables, step, 'started')] : []
}

function insertRow(tables: HistoryTables, { record }: ScriptStep, state: 'started' | 'skipped'): string {
  const { name, checksum, source, breaking } = record
  const values = [
    ...[name, checksum].map(textLiteral),
    now,
    '0',
    ...writers(record),
    textLiteral(state),
    '0',
    String(Number(breaking)),
    textLiteral(source),
  ]
  return `insert into ${tables.history}
  (name, checksum, applied_at, duration_ms, applied_by, runner_version, run_id, state, statements_done, breaking, source)
values (${values.join(', ')});`
}

/** SQLite does not know who is connected. */
function writers({ runnerVersion }: ScriptStep['record']): string[] {
  return [scriptRunId, runnerVersion, scriptRunId].map(textLiteral)
}

function closing(tables: HistoryTables, step: ScriptStep): string[] {
  const name = textLiteral(step.record.name)
  const done = step.language === 'sql' ? step.statements.length : 0
  switch (step.action) {
    case 'apply':
      return [
        `update ${tables.history}
set state = 'applied', statements_done = ${done}, applied_at = ${now},
  duration_ms = cast(round((julianday('now') - julianday(applied_at)) * 86400000) as integer)
where name = ${name};`,
        logLine(tables, step, { event: 'up', done }),
      ]
    case 'skip':
      return [insertRow(tables, step, 'skipped'), logLine(tables, step, { event: 'skip' })]
    case 'revert':
    case 'forget':
      return [`delete from ${tables.history} where name = ${name};`, logLine(tables, step, { event: 'down' })]
  }
}

function countDone(tables: HistoryTables, { record }: ScriptStep, done: number): string {
  return `update ${tables.history} set statements_done = ${done} where name = ${textLiteral(record.name)};`
}

interface LogFacts {
  readonly event: 'start' | 'up' | 'skip' | 'down'
  readonly done?: number
}

function logLine(tables: HistoryTables, { record }: ScriptStep, { event, done }: LogFacts): string {
  const [appliedBy, version, runId] = writers(record)
  const duration =
    event === 'up'
      ? `(select duration_ms from ${tables.history} where name = ${textLiteral(record.name)})`
      : 'null'
  const values = [
    now,
    runId,
    ...[event, record.name, record.checksum].map(textLiteral),
    done ?? 'null',
    duration,
    appliedBy,
    version,
  ]
  return `insert into ${tables.log}
  (at, run_id, event, name, checksum, statements_done, duration_ms, applied_by, runner_version)
values (${values.join(', ')});`
}

function textOf({ text, values }: ScriptStatement): string {
  return end(inlineValues(text, values))
}

/** A comment at the end would swallow the semicolon. */
function end(text: string): string {
  const trimmed = text.trim().replace(/;$/, '')
  return /--[^\n]*$/.test(trimmed) ? `${trimmed}\n;` : `${trimmed};`
}
