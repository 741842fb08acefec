/** From what the engine found to what is printed, or handed to a library's caller. */
import type { SessionFacts } from '../dialects/dialect.ts'
import type { Planned } from '../engine/plan-run.ts'
import type { Run } from '../engine/run.ts'
import type { Survey } from '../engine/survey.ts'
import { findResumable } from '../plan/reasons.ts'
import type { DatabaseFacts, PlanResult, StatusResult, VerifyResult } from './results.ts'

export function databaseFacts({ url, dialect }: Run, facts: SessionFacts): DatabaseFacts {
  return {
    database: url.shown,
    dialect: dialect.name,
    serverVersion: facts.serverVersion,
    historyTable: facts.historyTable,
  }
}

export function statusResult(run: Run, { facts, snapshot, found, result }: Survey): StatusResult {
  return {
    ...databaseFacts(run, facts),
    current: snapshot.rows.findLast((row) => row.state === 'applied')?.name,
    head: found.files.at(-1)?.name,
    migrations: result.states.map(({ name, state, history }) => ({
      name,
      state,
      appliedAt: history?.appliedAt,
      durationMs: history?.durationMs,
      appliedBy: history?.appliedBy,
    })),
    refusals: result.kind === 'refusal' ? result.reasons : [],
    warnings: result.warnings,
  }
}

export function verifyResult(run: Run, { facts, found, result }: Survey): VerifyResult {
  const reasons = result.kind === 'refusal' ? result.reasons : []
  const refusals = [...reasons, ...findResumable(result.states, reasons), ...found.mismatches]
  return {
    ...databaseFacts(run, facts),
    checked: result.states.filter(({ state }) => state === 'applied' || state === 'changed').length,
    pending: result.states.filter(({ state }) => state === 'pending').map(({ name }) => name),
    ahead: result.ahead.map((row) => row.name),
    refusals,
    warnings: result.warnings,
  }
}

export function planResult(
  run: Run,
  { plan, loaded, facts }: Planned,
  { together }: { readonly together: boolean },
): PlanResult {
  return {
    ...databaseFacts(run, facts),
    applied: plan.states.filter(({ state }) => state === 'applied' || state === 'skipped').length,
    steps: plan.steps.map((step) => ({
      name: step.name,
      action: step.action,
      transaction: loaded.get(step.name)?.options.transaction ?? true,
    })),
    ahead: plan.ahead.map((row) => row.name),
    together,
    warnings: plan.warnings,
  }
}
