/** `slipway status` for a person: one screen. Pure; the caller redacts and writes. */
import type { MigrationState } from '../plan/migration.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
import { noRedaction } from '../redact.ts'
import { formatDuration, formatInstant } from '../text/format-time.ts'
import { oneLine } from '../text/visible-text.ts'
import { countStates } from './count-states.ts'
import { createPaint, type Paint, type Tone } from './paint.ts'
import { nextLine } from './pretty-error.ts'
import { describeDatabase, joinGroups, refusalLines, warningLines } from './result-lines.ts'
import type { MigrationStatus, StatusResult, TextOptions } from './results.ts'
import { tableLines } from './table.ts'

export interface StatusTextOptions extends TextOptions {
  /** Lists everything; otherwise long runs of applied or pending migrations are shortened, and the text says so. */
  readonly all?: boolean
}

export function statusText(result: StatusResult, options: StatusTextOptions): string {
  const paint = createPaint(options.colors)
  return joinGroups([
    headerLines(result),
    migrationLines(result.migrations, options.all === true, paint),
    warningLines(result.warnings, paint),
    refusalLines(result.refusals, paint),
    nextLines(result, paint),
  ])
}

function headerLines(result: StatusResult): string[] {
  const counts = Object.entries(countStates(result.migrations)).filter(
    ([state, count]) => count > 0 || state === 'applied' || state === 'pending',
  )
  return tableLines([
    ['database', describeDatabase(result)],
    ['history', result.historyTable],
    ['current', result.current ?? 'nothing applied yet'],
    ['head', result.head ?? 'no migrations in the folder'],
    ['counts', counts.map(([state, count]) => `${count} ${state}`).join(', ')],
  ])
}

const marks: Record<MigrationState, { readonly sign: string; readonly tone: Tone }> = {
  applied: { sign: '✓', tone: 'good' },
  archived: { sign: '✓', tone: 'good' },
  skipped: { sign: '-', tone: 'faint' },
  pending: { sign: '○', tone: 'strong' },
  ahead: { sign: '!', tone: 'caution' },
  changed: { sign: '✗', tone: 'bad' },
  missing: { sign: '✗', tone: 'bad' },
  late: { sign: '✗', tone: 'bad' },
  unfinished: { sign: '✗', tone: 'bad' },
}

/** Runs of one state longer than this are shortened. */
const longRun = 12
const keptApplied = 5
const keptPending = 10

function migrationLines(migrations: readonly MigrationStatus[], all: boolean, paint: Paint): string[] {
  const rows: string[][] = []
  const notes = new Map<number, string>()
  for (const run of splitRuns(migrations)) {
    const { shown, before, after } = all ? { shown: run } : shortenRun(run)
    if (before !== undefined) notes.set(rows.length, paint('faint', before))
    rows.push(...shown.map((migration) => migrationRow(migration, paint)))
    if (after !== undefined) notes.set(rows.length, paint('faint', after))
  }
  const lines = tableLines(rows)
  return [...lines, undefined].flatMap((line, index) => [
    ...(notes.has(index) ? [`  … ${notes.get(index)}`] : []),
    ...(line === undefined ? [] : [`  ${line}`]),
  ])
}

function splitRuns(migrations: readonly MigrationStatus[]): MigrationStatus[][] {
  const runs: MigrationStatus[][] = []
  for (const migration of migrations) {
    const run = runs.at(-1)
    if (run?.[0]?.state === migration.state) run.push(migration)
    else runs.push([migration])
  }
  return runs
}

interface ShortRun {
  readonly shown: readonly MigrationStatus[]
  readonly before?: string
  readonly after?: string
}

function shortenRun(run: readonly MigrationStatus[]): ShortRun {
  if (run.length <= longRun) return { shown: run }
  switch (run[0]?.state) {
    case 'applied':
      return {
        shown: run.slice(-keptApplied),
        before: `${run.length - keptApplied} applied (${withTypedFlags('slipway history')} lists them)`,
      }
    case 'pending':
      return {
        shown: run.slice(0, keptPending),
        after: `${run.length - keptPending} more pending (${withTypedFlags('slipway up --dry-run')} lists them)`,
      }
    default:
      return { shown: run }
  }
}

function migrationRow(migration: MigrationStatus, paint: Paint): string[] {
  const { sign, tone } = marks[migration.state]
  const at = migration.appliedAt === undefined ? '' : formatInstant(migration.appliedAt)
  const took = migration.durationMs === undefined ? '' : formatDuration(migration.durationMs)
  return [
    paint(tone, sign),
    oneLine(migration.name, 200),
    paint(tone, migration.state),
    at,
    paint('faint', took),
  ]
}

/** Refusals bring their own. */
function nextLines(result: StatusResult, paint: Paint): string[] {
  const isLeft = result.migrations.some(({ state }) => state === 'pending' || state === 'unfinished')
  if (result.refusals.length > 0 || !isLeft) return []
  return [nextLine('slipway up', { paint, redact: noRedaction, debug: false })]
}
