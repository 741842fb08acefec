/** One failed run, told in full: what the reporters' tests share. */
import { SlipwayError } from '../../../src/errors.ts'
import type { PlannedStep, RunEvent, RunOutcome } from '../../../src/events.ts'

/** Everything that needs escaping somewhere: JSON, URLs, regular expressions. */
export const nastyPassword = 'p@ss"w\\o/r:d$(x)?é'

export const now = new Date('2026-03-04T12:05:00.000Z')

export const users = '20260101000000_create_users'
export const index = '20260102000000_index_users'
export const email = '20260103000000_add_email'

export function planned(...steps: Partial<PlannedStep>[]): RunEvent {
  const names = [users, index, email]
  return {
    type: 'planned',
    applied: 42,
    ahead: [],
    steps: steps.map((step, at) => ({
      name: names[at] ?? `2027_${at}`,
      action: 'apply',
      transaction: true,
      ...step,
    })),
  }
}

export function started(name: string, statements?: number): RunEvent {
  const step = { type: 'step-started', name, action: 'apply', index: 1, total: 3 } as const
  return statements === undefined ? step : { ...step, statements }
}

export function finished(name: string, durationMs = 12): RunEvent {
  return { type: 'step-finished', name, action: 'apply', index: 1, total: 3, durationMs }
}

export function ended(outcome: Partial<RunOutcome>): RunEvent {
  return {
    type: 'run-finished',
    outcome: {
      runId: 'r1',
      verb: 'up',
      exitCode: 0,
      applied: [],
      skipped: [],
      pending: [],
      ahead: [],
      durationMs: 1234,
      ...outcome,
    },
  }
}

export const runStarted: RunEvent = {
  type: 'run-started',
  runId: 'r1',
  verb: 'up',
  database: 'postgres://app@db:5432/app',
  dir: './migrations',
}

/** Has every field that an error can have, apart from reasons. */
export function fullError(extra: { readonly secret?: string } = {}): SlipwayError {
  const secret = extra.secret === undefined ? '' : ` ${extra.secret}`
  return new SlipwayError('migration-failed', `relation "userz" does not exist${secret}`, {
    migration: email,
    location: {
      file: `migrations/${email}.sql`,
      line: 12,
      column: 13,
      excerpt: '11 | select 1;\n12 | alter table userz add column email text\n   |             ^',
    },
    sqlstate: '42P01',
    detail: `Key (id)=(1) is there.${secret}`,
    serverHint: `Perhaps you meant "users".${secret}`,
    context: `PL/pgSQL function f() line 3\nSQL statement "select f()"${secret}`,
    statement: { index: 2, total: 4 },
    cause: new Error(`the driver's own${secret}`),
  })
}

export function refusal(): SlipwayError {
  return new SlipwayError('changed', '2 migrations stand in the way', {
    reasons: [
      new SlipwayError('changed', `${users} was edited after it was applied`, {
        migration: users,
        location: { file: `migrations/${users}.sql` },
        detail: 'applied sha256-v1:aaaa\nfile    sha256-v1:bbbb',
      }),
      new SlipwayError('missing', `${index} is applied, and its file is gone`, { migration: index }),
    ],
    hint: 'slipway status',
  })
}
