/** What a dialect is given to apply one migration once. */
import {
  type Attempt,
  type Executor,
  type SqlBody,
  StatementError,
  type StepBody,
  type StepRecord,
} from '../dialects/dialect.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import { openContext } from './context/context.ts'
import type { QueryTracker } from './context/tracker.ts'
import type { StepPlace } from './execute.ts'
import type { Run } from './run.ts'
import { untilAborted } from './sleep.ts'

export function recordOf(run: Run, migration: Pick<LoadedMigration, 'file' | 'options'>): StepRecord {
  return {
    name: migration.file.name,
    checksum: migration.file.checksum,
    source: migration.file.source,
    breaking: migration.options.breaking,
    appliedBy: run.appliedBy,
    runnerVersion: run.runnerVersion,
    runId: run.runId,
  }
}

/** Keeps hold of the queries of a script that failed. */
export interface Scribe {
  tracker: QueryTracker | undefined
}

export interface Try {
  readonly attempt: Attempt
  readonly scribe: Scribe
}

const firstTries = new WeakMap<StepPlace, Try>()

/** The same one each time: it may have been sent already. */
export function firstTry(place: StepPlace): Try {
  const known = firstTries.get(place) ?? newTry(place)
  firstTries.set(place, known)
  return known
}

export function newTry(place: StepPlace): Try {
  const scribe: Scribe = { tracker: undefined }
  return { attempt: attemptOf(place, scribe), scribe }
}

function attemptOf(place: StepPlace, scribe: Scribe): Attempt {
  const { run, migration, step } = place
  const record = recordOf(run, migration)
  return {
    record,
    reverts: revertedRow(step),
    body: bodyOf(place, scribe),
    ddlLockTimeoutMs: migration.options.ddlLockTimeoutMs ?? run.config.ddlLockTimeoutMs,
    statementTimeoutMs: migration.options.statementTimeoutMs ?? run.config.statementTimeoutMs,
    onStatement(index, durationMs) {
      const total = migration.body.kind === 'sql' ? migration.body.statements.length : 0
      run.emit({ type: 'statement-finished', name: step.name, index: index + 1, total, durationMs })
      run.echo?.done(migration, index, durationMs)
    },
    onNotice: (message) => run.emit({ type: 'notice', code: 'server-notice', message, migration: step.name }),
    signal: run.signal,
    next: () => {
      const next = place.next?.()
      return next === undefined || next.step.action === 'skip' || isStepwise(next)
        ? undefined
        : firstTry(next).attempt
    },
  }
}

function bodyOf(place: StepPlace, scribe: Scribe): StepBody {
  const { migration, watch } = place
  const body = migration.body.kind === 'sql' ? migration.body : codeOf(place, scribe)
  if (watch === undefined) return body
  return {
    kind: 'code',
    ...(body.statements === undefined ? {} : { statements: body.statements }),
    run: (executor, checks, operations, long) =>
      watch.around(executor, () =>
        body.kind === 'sql'
          ? runStatements(place, body, executor)
          : body.run(executor, checks, operations, long),
      ),
  }
}

/** One by one, for somebody to look at what they leave. */
async function runStatements(
  { run, migration, step }: StepPlace,
  { statements }: SqlBody,
  executor: Executor,
): Promise<void> {
  for (const [index, { text }] of statements.entries()) {
    const began = performance.now()
    await executor.query(text, []).catch((error: unknown) => {
      throw new StatementError(index, error)
    })
    const durationMs = performance.now() - began
    run.emit({
      type: 'statement-finished',
      name: step.name,
      index: index + 1,
      total: statements.length,
      durationMs,
    })
    run.echo?.done(migration, index, durationMs)
  }
}

function codeOf({ run, migration }: StepPlace, scribe: Scribe): Extract<StepBody, { kind: 'code' }> {
  const { body, file } = migration
  if (body.kind !== 'code') throw new TypeError(`${file.name} is no script`)
  return {
    kind: 'code',
    async run(executor, checks, operations, long) {
      const { options } = migration
      const parts = { run, name: file.name, executor, checks, operations, options, long }
      const { context, tracker, finish, end } = openContext(parts)
      scribe.tracker = tracker
      try {
        await untilAborted(run.signal, async () => body.up(context))
        finish()
      } finally {
        await end()
      }
    },
  }
}

/** Of a down: which history row goes with it. */
export function revertedRow({ action, history }: StepPlace['step']): number | undefined {
  return action === 'revert' ? history?.id : undefined
}

/** A row that an interrupted step left decides; a script that was interrupted outside a transaction goes on outside. */
export function isStepwise({ step, migration }: StepPlace): boolean {
  return !migration.options.transaction || step.history?.state === 'started'
}
