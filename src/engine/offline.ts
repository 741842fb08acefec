/** The SQL that `up` or `down` would run, written down instead. */
import { searchPathOf } from '../config/url.ts'
import type { Script, ScriptStatement, ScriptStep } from '../dialects/script.ts'
import { SlipwayError } from '../errors.ts'
import { asDown } from '../files/down.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { type DownPlan, listPossibleDependents, planDown, selectReverts } from '../plan/down.ts'
import { type Plan, type Refusal, refusalError } from '../plan/plan.ts'
import { combineReasons } from '../plan/refusal.ts'
import type { Target } from '../plan/target.ts'
import { recordOf } from './attempt.ts'
import { discover } from './discover.ts'
import { createRecorder, type Recorder, type Recording } from './recorder.ts'
import { applyInScratch, replayApplied, revertInScratch } from './replay.ts'
import type { Run } from './run.ts'
import { openScratch, type Scratch } from './scratch.ts'
import { askTarget, assumeStart, isElsewhere, type StartingPoint } from './starting-point.ts'

export interface SqlRequest {
  readonly direction: 'up' | 'down'
  /** What the database is taken to have; it is asked where this is not given. */
  readonly from?: Target
  readonly to?: Target
}

/** Throws what `up` or `down` would refuse, no-scratch, and what fails in the scratch database. */
export async function writeSql(run: Run, request: SqlRequest): Promise<string> {
  const found = await discover(run)
  const options = {
    found,
    request: request.direction === 'up' && request.to !== undefined ? { target: request.to } : {},
    isReplayed: (result: Plan | Refusal) =>
      request.direction === 'down' || result.kind === 'refusal' || result.steps.length > 0,
  }
  const start =
    request.from === undefined ? await askTarget(run, options) : await assumeStart(run, request.from, options)
  const moves = request.direction === 'up' ? upwards(run, start) : downwards(start, request)
  const steps = moves.length === 0 ? [] : await record(run, { request, start, moves })
  return await run.dialect.writeScript(scriptOf(run, { request, start, steps }))
}

interface Move {
  readonly action: ScriptStep['action']
  /** Its body is what runs: of a down, the down. */
  readonly migration: LoadedMigration
  /** With both ways. */
  readonly whole: LoadedMigration
  readonly follows: string | undefined
}

function upwards(run: Run, { result, rows, loaded, baseline }: StartingPoint): Move[] {
  if (result.kind === 'refusal') throw refusalError(result)
  for (const warning of result.warnings) run.emit({ type: 'warning', ...warning })
  const newest = [...rows].sort((a, b) => a.id - b.id).at(-1)?.name
  const first = baseline.map((migration, index): Move => {
    const follows = baseline[index - 1]?.file.name
    return { action: 'apply', migration, whole: migration, follows }
  })
  const others = result.steps.map(({ name, action }, index) => {
    if (action === 'resume')
      throw new SlipwayError('unfinished', `${name} did not finish; SQL cannot find out what is left of it`, {
        migration: name,
        hint: 'slipway up',
      })
    const migration = requireLoaded(loaded, name)
    const follows = index === 0 ? newest : result.steps[index - 1]?.name
    return { action: action === 'skip' ? 'skip' : 'apply', migration, whole: migration, follows } as const
  })
  return [...first, ...others]
}

function downwards({ rows, loaded, result, found }: StartingPoint, { to }: SqlRequest): Move[] {
  const request = { fromHistory: false, ...(to === undefined ? {} : { target: to }) }
  const chosen = selectReverts(rows, request)
  const dependents = listPossibleDependents(chosen, result.states)
  const plan: DownPlan = planDown({
    states: result.states,
    archived: found.archived,
    applied: rows,
    chosen,
    loaded: new Map(
      [...loaded].map(([name, { file, hasDown, down, options }]) => [
        name,
        { hasDown, options: down?.options ?? options, language: file.language === 'sql' ? 'sql' : 'script' },
      ]),
    ),
    dependsOn: new Map(dependents.map(({ name }) => [name, loaded.get(name)?.options.dependsOn ?? []])),
    unfinished: new Map([...loaded].map(([name, { options }]) => [name, options])),
    request,
  })
  if (plan.kind === 'refusal') throw combineReasons(plan.reasons)
  return plan.steps.map(({ name, origin }) => {
    const whole = requireLoaded(loaded, name)
    const migration = asDown(whole)
    if (origin === 'nothing') return { action: 'forget', migration: whole, whole, follows: undefined }
    if (migration === undefined)
      throw new SlipwayError('irreversible', `${name} has no down`, { migration: name })
    return { action: 'revert', migration, whole, follows: undefined }
  })
}

function requireLoaded(loaded: StartingPoint['loaded'], name: string): LoadedMigration {
  const migration = loaded.get(name)
  if (migration === undefined) throw new SlipwayError('bug', `${name} was planned but not loaded`)
  return migration
}

interface ToRecord {
  readonly request: SqlRequest
  readonly start: StartingPoint
  readonly moves: readonly Move[]
}

/** Replays everything, so that scripts find what they would find; what SQL files send is known without. */
async function record(run: Run, { request, start, moves }: ToRecord): Promise<ScriptStep[]> {
  const isKnown = moves.every(({ migration }) => migration.body.kind === 'sql')
  if (isKnown && run.url.dialect === 'postgres' && run.config.scratchUrl === undefined) {
    run.emit({
      type: 'warning',
      code: 'not-replayed',
      message: 'printed without trying it: SLIPWAY_SCRATCH_URL names no server for a scratch database',
    })
    return moves.map((move) => stepOf(run, move, { sent: [], runs: 1 }))
  }
  const recorder = createRecorder(request.direction)
  await using scratch = await openScratch(run, { echo: recorder })
  await replayApplied(scratch, start.baseline.length > 0 ? { ...start, rows: [] } : start)
  const steps: ScriptStep[] = []
  for (const move of moves) steps.push(stepOf(run, move, await hear(scratch, recorder, move)))
  return steps
}

async function hear(scratch: Scratch, recorder: Recorder, { action, whole }: Move): Promise<Recording> {
  const { name } = whole.file
  recorder.take(name)
  await recorder.printing(() =>
    action === 'apply' || action === 'skip'
      ? applyInScratch(scratch, whole)
      : revertInScratch(scratch, whole),
  )
  return recorder.take(name)
}

function stepOf(
  run: Run,
  { action, migration, whole, follows }: Move,
  { sent, runs }: Recording,
): ScriptStep {
  const { body, options } = migration
  const statements: readonly ScriptStatement[] =
    body.kind === 'code' ? sent : body.statements.map((parsed) => ({ text: parsed.text, values: [], parsed }))
  const isRun = action === 'apply' || action === 'revert'
  return {
    action,
    record: recordOf(run, whole),
    language: body.kind === 'sql' ? 'sql' : 'script',
    transaction: options.transaction,
    statements: isRun && !isElsewhere(run, whole) ? statements : [],
    ddlLockTimeoutMs: options.ddlLockTimeoutMs ?? run.config.ddlLockTimeoutMs,
    statementTimeoutMs: options.statementTimeoutMs ?? run.config.statementTimeoutMs,
    dropsParent: runs > 1,
    follows,
  }
}

interface Written {
  readonly request: SqlRequest
  readonly start: StartingPoint
  readonly steps: readonly ScriptStep[]
}

function scriptOf(run: Run, { request, start, steps }: Written): Script {
  const { config, url } = run
  const [exists, schema] = [start.history.exists, start.history.schema]
  return {
    title: [`slipway ${run.runnerVersion}: ${describe(request, start, steps)}`],
    history: { table: config.table, schema, isNew: !exists && steps.length > 0 },
    role: config.role,
    searchPath: searchPathOf(url),
    readers: config.grantSelectTo,
    steps,
  }
}

function describe({ direction }: SqlRequest, start: StartingPoint, steps: readonly ScriptStep[]): string {
  const rows = start.baseline.length > 0 ? [] : [...start.rows]
  const newest = rows.sort((a, b) => a.id - b.id).at(-1)?.name ?? 'base'
  const count = steps.length === 1 ? '1 migration' : `${steps.length} migrations`
  return steps.length === 0 ? `nothing to do after ${newest}` : `${direction} from ${newest}, ${count}`
}
