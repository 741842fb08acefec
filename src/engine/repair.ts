/** The life of `repair`: what there is to mend, what a request would change, then changing it. */
import type { Amendment } from '../dialects/amendment.ts'
import type { HistorySnapshot, Session, SessionFacts, StepRecord } from '../dialects/dialect.ts'
import { isSlipwayError, type SlipwayError } from '../errors.ts'
import { type Discovery, discoverMigrations } from '../files/discover.ts'
import { loadMigration } from '../files/load.ts'
import type { DeclaredOptions } from '../plan/migration.ts'
import {
  type Damage,
  findDamage,
  type RepairAction,
  type RepairRequest,
  selectDamage,
  unitDone,
} from '../plan/repair.ts'
import { amendHistory } from './amend.ts'
import { recordOf } from './attempt.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'
import { reading } from './survey.ts'

export interface RepairSurvey {
  readonly facts: SessionFacts
  readonly found: Discovery
  /** What a request is about; without one, all there is. */
  readonly damage: readonly Damage[]
  /** Why `up` refuses because of it, with the lines that differ. */
  readonly reasons: ReadonlyMap<string, SlipwayError>
  readonly amendments: readonly Amendment[]
}

/** In a session that cannot write, without the lock. Throws unknown-target, ambiguous-target, bad-argument; 66 for a file to accept that does not load. */
export async function surveyRepair(run: Run, request: RepairRequest | undefined): Promise<RepairSurvey> {
  const found = await discoverMigrations(run.config.dir, {
    allowEmpty: run.config.allowEmpty,
    cwd: run.cwd,
    manifest: 'ignore',
  })
  return reading(run, async (session) => {
    const look = await assess(run, session, found, request)
    return {
      facts: session.facts,
      found,
      ...look,
      amendments: await amendmentsFor(run, session, look.damage, request),
    }
  })
}

export async function runRepair(
  run: Run,
  request: RepairRequest,
  { found, amendments }: RepairSurvey,
): Promise<void> {
  const decide = async (session: Session) => {
    const { damage } = await assess(run, session, found, request)
    return amendmentsFor(run, session, damage, request)
  }
  await amendHistory(run, decide, amendments)
}

async function assess(
  run: Run,
  session: Session,
  found: Discovery,
  request: RepairRequest | undefined,
): Promise<Pick<RepairSurvey, 'damage' | 'reasons'>> {
  const snapshot = await session.readHistory()
  const options = await loadUnfinished(run, found, snapshot)
  const result = await planAgainst({ run, session, found, snapshot, options, request: {} })
  const damage = request === undefined ? findDamage(result.states) : selectDamage(result.states, request)
  const reasons = result.kind === 'plan' ? [] : result.reasons
  return {
    damage,
    reasons: new Map(reasons.flatMap((reason) => [[reason.facts.migration ?? '', reason] as const])),
  }
}

/** Whether `up` would go on with one by itself stands in its options. One that does not load says so when it is run. */
async function loadUnfinished(
  run: Run,
  found: Discovery,
  snapshot: HistorySnapshot,
): Promise<Map<string, DeclaredOptions>> {
  const options = new Map<string, DeclaredOptions>()
  for (const { name, state } of snapshot.rows) {
    const file = state === 'started' ? found.files.find((each) => each.name === name) : undefined
    if (file === undefined) continue
    try {
      options.set(name, (await loadMigration(file, run.dialect)).options)
    } catch (error) {
      if (!isSlipwayError(error)) throw error
    }
  }
  return options
}

async function amendmentsFor(
  run: Run,
  session: Session,
  damage: readonly Damage[],
  request: RepairRequest | undefined,
): Promise<Amendment[]> {
  if (request === undefined) return []
  return Promise.all(damage.map((each) => amendmentFor(run, session, each, request.action)))
}

async function amendmentFor(
  run: Run,
  session: Session,
  damage: Damage,
  action: RepairAction,
): Promise<Amendment> {
  const { history } = damage
  const counted = `${history.statementsDone} ${unitDone(damage, history.statementsDone)} counted as done`
  switch (action) {
    case 'accept': {
      const record = await recordOfFile(run, session, damage)
      return { kind: 'accept', record, detail: `accepted instead of ${history.checksum}` }
    }
    case 'finished': {
      if (history.reverting === true)
        return {
          kind: 'forget',
          record: recordOfRow(run, damage, ''),
          detail: `declared reverted, ${counted}`,
        }
      const record = await recordOfFile(run, session, damage)
      return { kind: 'finish', record, detail: `declared finished, ${counted}` }
    }
    case 'retry':
      if (history.reverting === true)
        return {
          kind: 'restore',
          record: recordOfRow(run, damage, ''),
          detail: `declared applied, its down not begun, ${counted}`,
        }
      return {
        kind: 'forget',
        record: recordOfRow(run, damage, ''),
        detail: `to run again from its start, ${counted}`,
      }
    case 'forget':
      return {
        kind: 'forget',
        record: recordOfRow(run, damage, ''),
        detail: 'forgotten, its file is gone',
      }
  }
}

/** An edited text counts only if it loads: whether it is breaking stands in it. */
async function recordOfFile(run: Run, session: Session, damage: Damage): Promise<StepRecord> {
  const { file, history, name } = damage
  if (file !== undefined && file.checksum !== history.checksum)
    return recordOf(run, await loadMigration(file, run.dialect))
  return recordOfRow(run, damage, (await session.readSource(name)) ?? '')
}

function recordOfRow(run: Run, { name, history }: Damage, source: string): StepRecord {
  const { checksum, breaking } = history
  const { appliedBy, runnerVersion, runId } = run
  return { name, checksum, source, breaking, appliedBy, runnerVersion, runId }
}
