/** What is told of thousands: never more than its reader takes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { combineFailures } from '../../../src/engine/tenants/failures.ts'
import { SlipwayError } from '../../../src/errors.ts'
import type { RunOutcome } from '../../../src/events.ts'
import { eventFields } from '../../../src/reporters/event-fields.ts'
import { createTenantTally } from '../../../src/reporters/tenant-tally.ts'
import { maxTerminationBytes, summariseOutcome } from '../../../src/reporters/termination.ts'

const redact = (text: string) => text

function failing(count: number, code: 'migration-failed' | 'session-lost' = 'migration-failed') {
  const failed = Array.from({ length: count }, (_, index) => ({
    tenant: `customer_${index}`,
    error: new SlipwayError(code, `0003_total failed: ${'…'.repeat(500)}`, { migration: '0003_total' }),
  }))
  return { failed, notDone: [] }
}

function outcomeOf(count: number): RunOutcome {
  const names = { applied: ['0001_a'], skipped: [], pending: [], ahead: [] }
  const failures = failing(count)
  const error = combineFailures('up', failures, { tenants: failures.failed })
  const tenants = { migrated: [], upToDate: [], ...failures }
  return { runId: 'r', verb: 'up', exitCode: error.exitCode, durationMs: 1, ...names, error, tenants }
}

test('two thousand that failed: the last line can be collected, and the termination message fits', () => {
  const outcome = outcomeOf(2000)
  const fields = eventFields({ type: 'run-finished', outcome }, { redact, stack: false }) as {
    tenants: object
    error: { reasons: object[]; moreReasons: number }
  }
  assert.deepEqual([fields.error.reasons.length, fields.error.moreReasons], [50, 1950])
  assert.ok(JSON.stringify(fields).length < 256 * 1024)
  const summary = summariseOutcome(outcome)
  assert.ok(Buffer.byteLength(summary) <= maxTerminationBytes)
  assert.deepEqual((JSON.parse(summary) as { tenants: object }).tenants, fields.tenants)
  assert.equal(outcomeOf(3).error?.facts.reasons?.length, 3)
})

test('what may pass is worth trying again, all of it together; one that will not is not', () => {
  const fail = (...codes: ('migration-failed' | 'session-lost' | 'unreachable' | 'changed')[]) => {
    const failed = codes.map((code, index) => ({ tenant: `t${index}`, error: new SlipwayError(code, code) }))
    return combineFailures('up', { failed, notDone: [] }, { tenants: failed }).exitCode
  }
  assert.equal(fail('unreachable', 'unreachable'), 69)
  assert.ok([69, 75].includes(fail('session-lost', 'unreachable')))
  assert.equal(fail('session-lost', 'migration-failed'), 70)
  assert.equal(fail('changed', 'changed'), 65)
  assert.equal(fail('changed', 'unreachable'), 70)
})

test('the live line counts, and names those that are worked on', () => {
  const tally = createTenantTally(redact)
  const found = { type: 'tenants-found', all: 9, tenants: 9, upToDate: 1, concurrency: 6 } as const
  tally.listen(found)
  const activity = tally.activityOf(found)
  const run = { runId: 'r', verb: 'up', database: 'd', dir: 'm' }
  for (const tenant of ['a', 'b', 'c', 'd', 'e', 'f\n']) tally.listen({ type: 'run-started', tenant, ...run })
  assert.equal(activity?.describe(1000), '▸ 0 of 9 tenants  1 s: a, b, c, d and 2 more')
  const names = { applied: [], skipped: [], pending: [], ahead: [] }
  const end = { runId: 'r', verb: 'up', durationMs: 1, ...names }
  tally.listen({ type: 'run-finished', tenant: 'a', outcome: { ...end, exitCode: 0 } })
  tally.listen({ type: 'run-finished', tenant: 'b', outcome: { ...end, exitCode: 70 } })
  tally.listen({ type: 'notice', tenant: 'c', code: 'put-off', message: '' })
  assert.equal(activity?.beat?.(1000), '… 2 of 9 tenants, 1 failed after 1 s: d, e, f')
})
