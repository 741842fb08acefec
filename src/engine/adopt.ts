/** The life of `adopt`: which row of another tool is which file, then recording the same in our history. */
import type { Adoption, ForeignSnapshot, ForeignTable } from '../dialects/adoption.ts'
import type { Amendment } from '../dialects/amendment.ts'
import type { HistorySnapshot, Session, SessionFacts } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import { applyChanges, type FolderChange } from '../files/foreign-changes.ts'
import { readForeignFolder } from '../files/foreign-folder.ts'
import { matchLedger } from '../plan/adopt/match.ts'
import type { ForeignTool } from '../plan/adopt/names.ts'
import { readLedger } from '../plan/adopt/read-ledger.ts'
import { chooseSource } from '../plan/adopt/source.ts'
import { labelOf, movedName, wantsTable } from '../plan/adopt/tools.ts'
import { type AdoptWarning, adoptWarnings } from '../plan/adopt/warnings.ts'
import type { HistoryRow } from '../plan/migration.ts'
import { combineReasons } from '../plan/refusal.ts'
import { parseName } from '../sql/quote.ts'
import { type AdoptedLine, amendmentsOf, planFiles } from './adopt-files.ts'
import { describeAdoptFailure } from './adopt-failure.ts'
import { describeAmendments, proveAmended } from './amend.ts'
import { acquireRunLock, releasingRunLock, type Waiting } from './lock.ts'
import { openSession } from './open.ts'
import { planAgainst } from './planning.ts'
import type { Progress } from './progress.ts'
import type { Run } from './run.ts'
import { reading } from './survey.ts'

export interface AdoptRequest {
  readonly from: ForeignTool | undefined
  readonly table: string | undefined
  readonly convert: boolean
}

export interface AdoptSurvey {
  readonly facts: SessionFacts
  readonly tool: ForeignTool
  readonly source: ForeignTable
  /** For people: `public.goose_db_version`. */
  readonly shown: string
  /** The name that table gets, because history needs its own. */
  readonly moveTo: string | undefined
  readonly lines: readonly AdoptedLine[]
  readonly recorded: ReadonlySet<string>
  readonly changes: readonly FolderChange[]
  readonly amendments: readonly Amendment[]
  /** Why it cannot be. */
  readonly problems: readonly SlipwayError[]
  readonly warnings: readonly AdoptWarning[]
}

/** In a session that cannot write, without the lock. What stands against it is in the survey. Throws foreign-missing, foreign-ambiguous. */
export function surveyAdoption(run: Run, request: AdoptRequest): Promise<AdoptSurvey> {
  return reading(run, (session) => assess(run, session, request))
}

/** Does exactly what the survey showed, or nothing. */
export async function runAdoption(
  run: Run,
  request: AdoptRequest,
  shown: AdoptSurvey,
  progress: Progress,
): Promise<void> {
  const session = await openSession(run, { intent: 'write', timeoutMs: run.config.waitTimeoutMs })
  let changed = 0
  try {
    const turns = await session.turns()
    if (turns !== undefined) await turns.requireSession(['taking over a history'])
    await acquireRunLock(run, withoutForeign(session), () => false)
    await releasingRunLock(run, session, async () => {
      const survey = await assess(run, session, request)
      if (isDone(survey)) return
      requireSame(survey, shown)
      run.signal.throwIfAborted()
      await record(run, session, survey, () =>
        applyChanges(survey.changes, run.cwd, () => {
          changed++
        }),
      )
      for (const { record } of survey.amendments) progress.applied.push(record.name)
    })
  } catch (error) {
    throw describeAdoptFailure(run, error, changed)
  } finally {
    await session.close()
  }
}

/** While another runner holds the lock, the table in our place may still be the other tool's. */
function withoutForeign(session: Session): Waiting {
  const readHistory = async (): Promise<HistorySnapshot> => {
    try {
      return await session.readHistory()
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'foreign-history')
        return { exists: false, rows: [] }
      throw error
    }
  }
  return {
    tryRunLock: () => session.tryRunLock(),
    runLockHolder: () => session.runLockHolder(),
    readHistory,
  }
}

async function assess(run: Run, session: Session, request: AdoptRequest): Promise<AdoptSurvey> {
  const named = request.table === undefined ? undefined : parseName(request.table)
  const foreign = await session.readForeign((table) => wantsTable(table, named?.name))
  const source = chooseSource(foreign.tables, {
    from: request.from,
    table: named,
    historySchema: foreign.historySchema,
    database: run.url.shown,
  })
  const { tool, table } = source
  const shown = run.dialect.name === 'sqlite' ? table.name : `${table.schema}.${table.name}`
  const move = planMove(tool, table, foreign)
  const snapshot = move === undefined ? await session.readHistory() : { exists: false, rows: [] }
  const ledger = readLedger({ tool, shown, rows: table.rows, lockRows: source.lockTable?.rows ?? [] })
  const folder = readForeignFolder(run.config.dir, run.cwd, tool)
  const mapping = matchLedger(ledger, folder)
  const files = await planFiles(run, { tool, mapped: mapping.lines, folder, convert: request.convert })
  const recorded = new Set(snapshot.rows.map(({ name }) => name))
  const amendments = amendmentsOf(run, files.lines, { shown: `${labelOf(tool)} (${shown})`, recorded })
  const problems = [...ledger.problems, ...mapping.problems, ...files.problems, ...(move?.problems ?? [])]
  const rows = [...snapshot.rows, ...rowsOf(amendments, snapshot.rows.length + 1, run)]
  // What is not whole yet is not worth an opinion.
  const result =
    problems.length > 0
      ? undefined
      : await planAgainst({ ...files, run, session, snapshot: { exists: true, rows }, request: {} })
  return {
    facts: session.facts,
    tool,
    source: table,
    shown,
    moveTo: move?.to,
    lines: files.lines,
    recorded,
    changes: files.changes,
    amendments,
    problems: [...problems, ...(result?.kind === 'refusal' ? result.reasons : [])],
    warnings: [...warningsOf(tool, files.lines, recorded), ...(result?.warnings ?? [])],
  }
}

function warningsOf(tool: ForeignTool, lines: readonly AdoptedLine[], recorded: ReadonlySet<string>) {
  const fresh = lines.filter(({ record }) => record !== undefined && !recorded.has(record.name))
  const mapped = (each: readonly AdoptedLine[]) => each.map(({ line }) => line)
  return adoptWarnings(tool, mapped(lines), mapped(fresh))
}

interface Move {
  readonly to: string
  readonly problems: readonly SlipwayError[]
}

/** The other tool has the name that slipway's own table needs. */
function planMove(
  tool: ForeignTool,
  { schema, name }: ForeignTable,
  foreign: ForeignSnapshot,
): Move | undefined {
  const isOurs =
    schema === 'main'
      ? name.toLowerCase() === foreign.historyTable.toLowerCase()
      : name === foreign.historyTable
  if (!isOurs || schema !== foreign.historySchema) return undefined
  const to = movedName(name, tool)
  if (!foreign.taken.some((other) => other.toLowerCase() === to.toLowerCase())) return { to, problems: [] }
  const message = `${name} of ${labelOf(tool)} would become ${to}, and there is something of that name`
  const hint = 'rename or drop that one; or leave both: export SLIPWAY_TABLE=slipway_migrations'
  return { to, problems: [new SlipwayError('foreign-history', message, { hint })] }
}

function rowsOf(amendments: readonly Amendment[], from: number, run: Run): HistoryRow[] {
  return amendments.map(({ record }, index) => ({
    id: from + index,
    name: record.name,
    checksum: record.checksum,
    appliedAt: new Date(0),
    durationMs: 0,
    appliedBy: run.appliedBy,
    runnerVersion: run.runnerVersion,
    runId: run.runId,
    state: 'applied',
    statementsDone: 0,
    breaking: record.breaking,
  }))
}

/** Another runner was faster. */
function isDone({ problems, amendments, changes, moveTo }: AdoptSurvey): boolean {
  return problems.length === 0 && amendments.length === 0 && changes.length === 0 && moveTo === undefined
}

/** What was confirmed is what is done. */
function requireSame(now: AdoptSurvey, shown: AdoptSurvey): void {
  if (now.problems.length > 0) throw combineReasons(now.problems)
  const describe = ({ tool, moveTo, amendments, changes, source }: AdoptSurvey) =>
    JSON.stringify([tool, moveTo, describeAmendments(amendments), changes, source.mark])
  if (describe(now) === describe(shown)) return
  throw new SlipwayError(
    'transient',
    'between the look and the lock, a file or a history changed: what was confirmed is no longer what there is to do',
    {
      hint: 'look again: slipway adopt --dry-run',
    },
  )
}

/** The folder is changed when the database has agreed to everything, and before it is committed. */
async function record(
  run: Run,
  session: Session,
  survey: AdoptSurvey,
  changeFolder: () => void,
): Promise<void> {
  const { amendments, moveTo, tool, shown } = survey
  if (amendments.length === 0 && moveTo === undefined) changeFolder()
  else {
    const moved = moveTo === undefined ? '' : `, which is called ${moveTo} from now on`
    const { appliedBy, runnerVersion, runId } = run
    const adoption: Adoption = {
      source: survey.source,
      moveTo,
      amendments,
      record: { name: '', checksum: '', source: '', breaking: false, appliedBy, runnerVersion, runId },
      detail: `${amendments.length} ${amendments.length === 1 ? 'migration' : 'migrations'} taken over from ${labelOf(tool)} (${shown})${moved}`,
      lockTimeoutMs: run.config.ddlLockTimeoutMs,
      beforeCommit: changeFolder,
    }
    await session.adoptHistory(adoption)
  }
  await session.ensureHistory()
  proveAmended(amendments, (await session.readHistory()).rows)
  for (const { record, kind, detail } of amendments)
    run.emit({ type: 'history-amended', name: record.name, action: kind, detail })
}
