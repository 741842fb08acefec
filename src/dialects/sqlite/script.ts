/** `slipway sql`: what `up` and `down` run, as a file for the sqlite3 command line. */
import { type Script, type ScriptStatement, type ScriptStep, scriptRunId } from '../script.ts'
import { readSqliteToken } from '../../sql/sqlite-tokens.ts'
import { readTokens } from '../../sql/token.ts'
import { dropsAnyTable } from './foreign-keys.ts'
import { createWhole, type HistoryTables, nameHistoryTables } from './history.ts'
import { inlineValues, textLiteral } from './inline.ts'
import { shieldFrame } from './shield-frame.ts'
import { formUnits, type Unit } from './units.ts'

/** A transaction for each migration that has one; outside of them, statements one by one. */
export async function writeScript(script: Script): Promise<string> {
  const tables = nameHistoryTables({ table: script.history.table, schema: undefined })
  const lines = [
    ...script.title.map((line) => `-- ${line}`),
    '-- run it with: sqlite3 -bail DATABASE < FILE',
    ...needsVersion(script.steps),
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
    ...(isOff ? [noteBroken] : []),
    ...opening(tables, step),
    '',
    ...step.statements.map(textOf),
    '',
    ...(isOff ? refuseBroken : []),
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
      : writeSent(step.statements)
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
  if (kind !== 'group' || !dropsAnyTable(statements)) return texts
  const [begin = '', ...rest] = texts
  return [
    'pragma foreign_keys = off;',
    ...[begin, noteBroken, ...rest.slice(0, -1), ...refuseBroken, ...rest.slice(-1)],
    'pragma foreign_keys = on;',
  ]
}

/**
 * What a script sent outside a transaction. Operations have one of their own: a frame is left out where it was rolled back,
 * or where its operation had nothing to do.
 */
function writeSent(statements: readonly ScriptStatement[]): string[] {
  const lines: string[] = []
  let frame: Frame = { isOff: false, work: undefined }
  for (const statement of statements) {
    const { text } = statement
    if (statement.isFrame !== true) (frame.work ?? lines).push(textOf(statement))
    else if (text === shieldFrame.off) frame = { isOff: true, work: undefined }
    else if (text === shieldFrame.begin) frame = { ...frame, work: [] }
    else if (text === shieldFrame.on) lines.push(...(lines.at(-1) === commit ? [end(text)] : []))
    else {
      if (text === shieldFrame.commit) lines.push(...writeFrame(frame))
      frame = { isOff: false, work: undefined }
    }
  }
  return lines
}

interface Frame {
  readonly isOff: boolean
  readonly work: string[] | undefined
}

const commit = `${shieldFrame.commit};`

function writeFrame({ isOff, work = [] }: Frame): string[] {
  if (work.length === 0) return []
  const begin = end(shieldFrame.begin)
  if (!isOff) return [begin, ...work, commit]
  return [end(shieldFrame.off), begin, noteBroken, ...work, ...refuseBroken, commit]
}

/** Rows whose foreign key points nowhere, in a transaction without enforcement; violations.ts compares them in the same way. */
const broken = `select lower("table") as child, rowid as line, lower(parent) as parent, count(*) as n
from pragma_foreign_key_check group by 1, 2, 3`
const noteBroken = `create temp table slipway_broken as
${broken};`
/** Ends the script, with -bail; the transaction is rolled back with it. */
const refuseBroken: readonly string[] = [
  'create temp table slipway_unbroken ("rows refer to rows that are not there" text not null);',
  `insert into temp.slipway_unbroken select null from (
${broken}) as now left join temp.slipway_broken as before
on now.child = before.child and now.line is before.line and now.parent = before.parent
where now.n > coalesce(before.n, 0);`,
  'drop table temp.slipway_unbroken;',
  'drop table temp.slipway_broken;',
]

/** https://www.sqlite.org/releaselog/3_53_0.html */
const since353 =
  /^alter\s+table\s[\s\S]*?\s(?:(?:add|drop)\s+constraint|add\s+check|alter\s+(?:column\s+)?[\s\S]*?\s(?:set|drop)\s+not\s+null)\b/i

/** What the library that slipway brings can do, and the one of a distribution may not. */
function needsVersion(steps: readonly ScriptStep[]): string[] {
  const names = steps
    .filter(({ statements }) => statements.some(({ text }) => since353.test(withoutComments(text))))
    .map(({ record }) => record.name)
  return names.length === 0 ? [] : [`-- needs sqlite3 3.53 or newer, for alter table in ${names.join(', ')}`]
}

function withoutComments(text: string): string {
  return [...readTokens(text, readSqliteToken)]
    .filter(({ kind }) => kind !== 'line-comment' && kind !== 'block-comment')
    .map(({ start, end }) => text.slice(start, end))
    .join('')
    .trim()
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
