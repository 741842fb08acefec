/** What `up` would do, done in a copy of the database with its data: how long each statement takes, and what it locks. */
import type { HeldLock, LockProbe } from '../dialects/probe.ts'
import type { RunEvent } from '../events.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { type LockMode, lockModes, type ParsedStatement } from '../sql/statement.ts'
import { loadCovered } from './baseline.ts'
import type { MigrationContext } from './context/context.ts'
import { discover, needsBaseline } from './discover.ts'
import type { Echo } from './echo.ts'
import { planRun } from './plan-run.ts'
import type { UpRequest } from './planning.ts'
import { applyInScratch } from './replay.ts'
import type { Run } from './run.ts'
import { openScratch, type Scratch } from './scratch.ts'

export interface RehearsedStatement {
  readonly text: string
  readonly durationMs: number
  /** The strongest lock that came with it, on a table that was there before the migration. */
  readonly lock: HeldLock | undefined
}

export interface RehearsedStep {
  readonly name: string
  readonly durationMs: number
  readonly statements: readonly RehearsedStatement[]
}

export interface Rehearsal {
  readonly steps: readonly RehearsedStep[]
  /** Making the copy, in milliseconds. */
  readonly copyMs: number
}

/** Nothing is written to the target. Throws what `up` would refuse, no-scratch, copy-failed, and what fails in the copy. */
export async function rehearse(run: Run, request: UpRequest): Promise<Rehearsal> {
  const { plan, loaded, facts } = await planRun(run, request)
  if (plan.steps.length === 0) return { steps: [], copyMs: 0 }
  const began = performance.now()
  const meter = createMeter(run, facts.historyTable)
  await using scratch = await openScratch(run, { isCopy: true, echo: meter.echo, listen: meter.listen })
  const copyMs = performance.now() - began
  await bringBaseline(run, scratch)
  const steps: RehearsedStep[] = []
  for (const { name } of plan.steps) {
    const migration = loaded.get(name)
    if (migration === undefined) continue
    const started = performance.now()
    await applyInScratch(scratch, inSteps(migration))
    const statements = meter.take()
    steps.push({
      name,
      durationMs: performance.now() - started,
      statements: withDeclared(migration, statements),
    })
  }
  return { steps, copyMs }
}

async function bringBaseline(run: Run, scratch: Scratch): Promise<void> {
  await scratch.session.ensureHistory()
  const found = await discover({ ...run, emit: () => {} })
  if (!needsBaseline(found, await scratch.session.readHistory())) return
  for (const migration of await loadCovered(run, found)) await applyInScratch(scratch, migration)
}

/** In a transaction its statements go one by one, so that each can be looked at; `up` sends them all at once. */
function inSteps(migration: LoadedMigration): LoadedMigration {
  const { body, options } = migration
  if (body.kind !== 'sql' || !options.transaction) return migration
  const up = async (context: unknown) => {
    const { sql } = context as MigrationContext
    for (const { text } of body.statements) await sql.raw(text)
  }
  return { ...migration, body: { kind: 'code', up } }
}

interface Meter {
  readonly echo: Echo
  readonly listen: (event: RunEvent) => void
  /** Everything since the last time. */
  take(): RehearsedStatement[]
}

function createMeter({ dialect }: Run, historyTable: string): Meter {
  const ours = [historyTable, `${historyTable}_log`, `${historyTable}_progress`]
  let statements: RehearsedStatement[] = []
  return {
    // Outside a transaction only the time is known: the locks are gone when the answer is there.
    listen(event) {
      if (event.type === 'statement-finished')
        statements.push({ text: '', durationMs: event.durationMs, lock: undefined })
    },
    take() {
      const taken = statements
      statements = []
      return taken
    },
    echo: {
      done() {},
      failed() {},
      // Long work is many transactions of its own; only its whole time is told.
      said() {},
      overhear(executor, _, part) {
        if (part === 'frame') return executor
        // SQLite runs a body again that drops a table others refer to.
        if (part === undefined) statements = []
        let probe: Promise<LockProbe> | undefined
        return {
          async query(text, values) {
            probe ??= dialect.openLockProbe?.(executor, ours)
            const opened = await probe
            const began = performance.now()
            const rows = await executor.query(text, values)
            const durationMs = performance.now() - began
            statements.push({ text, durationMs, lock: await opened?.look() })
            return rows
          },
        }
      },
    },
  }
}

/** What SQL outside a transaction locks is read from its text. */
function withDeclared(
  { body, options }: LoadedMigration,
  statements: readonly RehearsedStatement[],
): RehearsedStatement[] {
  if (body.kind !== 'sql' || options.transaction) return [...statements]
  return body.statements.map((parsed, index) => ({
    text: parsed.text,
    durationMs: statements[index]?.durationMs ?? 0,
    lock: declaredLock(parsed),
  }))
}

function declaredLock({ locks }: ParsedStatement): HeldLock | undefined {
  const [strongest] = [...locks].sort((a, b) => lockModes.indexOf(b.mode) - lockModes.indexOf(a.mode))
  return strongest === undefined ? undefined : { table: strongest.table, mode: nameMode(strongest.mode) }
}

/** `access exclusive` → `AccessExclusiveLock` */
function nameMode(mode: LockMode): string {
  return `${mode.replace(/(?:^| )(.)/g, (_, letter: string) => letter.toUpperCase())}Lock`
}
