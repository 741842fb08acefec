import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlipwayError } from '../../../src/errors.ts'
import type { RunEvent } from '../../../src/events.ts'
import { createRedactor, noRedaction } from '../../../src/redact.ts'
import type { LogLevel } from '../../../src/reporters/event-level.ts'
import { createReporter } from '../../../src/reporters/reporter.ts'
import { CollectingStream } from '../../helpers/collecting-stream.ts'
import {
  email,
  ended,
  finished,
  fullError,
  index,
  nastyPassword,
  now,
  planned,
  refusal,
  runStarted,
  started,
  users,
} from './samples.ts'

interface Told {
  readonly level?: LogLevel
  readonly verb?: string
  readonly secret?: string
}

async function tell(events: readonly RunEvent[], options: Told = {}): Promise<string> {
  const stream = new CollectingStream()
  const reporter = await createReporter({
    format: 'pretty',
    level: options.level ?? 'info',
    verb: options.verb ?? 'up',
    stream,
    isTTY: false,
    colors: false,
    redact: options.secret === undefined ? noRedaction : createRedactor([options.secret]),
    now: () => now,
  })
  for (const event of events) reporter.listen(event)
  await reporter.close()
  return stream.text
}

const holder = {
  pid: 812,
  applicationName: 'slipway/0.1.0 pod-x',
  clientAddress: '10.0.0.5',
  since: new Date('2026-03-04T12:03:11Z'),
  state: 'active',
  statement: 'create index\n  users_email on users (email)',
}
const held = (extra: object): RunEvent => ({
  type: 'waiting-for-lock',
  holder: { ...holder, ...extra },
  elapsedMs: 4100,
  timeoutMs: 600_000,
})
const retrying = (attempt: number, pid = 99): RunEvent => ({
  type: 'step-retrying',
  name: email,
  attempt,
  sqlstate: '55P03',
  reason: 'canceling statement due to lock timeout',
  blockers: [
    { pid, applicationName: 'psql', state: 'idle in transaction', statement: 'select * from users' },
  ],
  delayMs: 250,
})

const table: [string, RunEvent, string][] = [
  ['a run begins', runStarted, '· up on postgres://app@db:5432/app, migrations from ./migrations\n'],
  [
    'waiting begins',
    { type: 'waiting-for-database', reason: 'connection refused', elapsedMs: 3, timeoutMs: 60_000 },
    '… waiting for the database (connection refused), up to 60 s\n',
  ],
  [
    'waiting goes on',
    { type: 'waiting-for-database', reason: 'starting up', elapsedMs: 4100, timeoutMs: 60_000 },
    '… waiting for the database (starting up), 4 s of 60 s\n',
  ],
  ['a quick connection', { type: 'connected', dialect: 'postgres', serverVersion: '18.1', waitedMs: 20 }, ''],
  [
    'a slow connection',
    { type: 'connected', dialect: 'postgres', serverVersion: '18.1', waitedMs: 5012 },
    '· connected to PostgreSQL 18.1  after 5 s\n',
  ],
  [
    'a known lock holder',
    held({}),
    '… the run lock is held by pid 812 (slipway/0.1.0 pod-x) from 10.0.0.5 since 12:03:11 UTC, running: create index users_email on users (email)  4 s of 10 min\n',
  ],
  [
    'an idle lock holder whose last statement set a password',
    held({ state: 'idle', statement: "alter role app password 'it''s secret' valid until 'x'" }),
    "… the run lock is held by pid 812 (slipway/0.1.0 pod-x) from 10.0.0.5 since 12:03:11 UTC, idle, last statement: alter role app password '***' valid until '***'  4 s of 10 min\n",
  ],
  [
    'an unknown lock holder',
    { type: 'waiting-for-lock', holder: undefined, elapsedMs: 0, timeoutMs: 600_000 },
    '… the run lock is held by another session  up to 10 min\n',
  ],
  ['the lock at once', { type: 'lock-acquired', waitedMs: 2 }, ''],
  ['the lock at last', { type: 'lock-acquired', waitedMs: 12_000 }, '· got the run lock  after 12 s\n'],
  [
    'a warning that cannot pass for another line',
    { type: 'warning', code: 'x', message: 'first\n✓ done\u001b[2J', migration: users },
    `! ${users}: first\n  ✓ done\n`,
  ],
  [
    'a notice that names its migration itself',
    { type: 'notice', code: 'x', message: `${users} was unwrapped`, migration: users },
    `· ${users} was unwrapped\n`,
  ],
  ['a plan', planned({}, {}), '· 42 applied, 2 to run\n'],
  ['an empty plan', planned(), ''],
  [
    'the database is ahead',
    { type: 'planned', steps: [], applied: 45, ahead: ['a', 'b', 'c'] },
    '! 3 migrations are ahead of this image: a, b, c\n',
  ],
  [
    'many are ahead',
    { type: 'planned', steps: [], applied: 45, ahead: Array.from({ length: 12 }, (_, i) => `m${i}`) },
    '! 12 migrations are ahead of this image: m0, m1, m2, m3, m4, m5, m6, m7, m8, m9 and 2 more\n',
  ],
  ['a step begins', started(users), ''],
  ['a step ends', finished(users), `✓ ${users}  12 ms\n`],
  [
    'a step was resumed',
    { type: 'step-finished', name: users, action: 'resume', index: 1, total: 1, durationMs: 12 },
    `✓ ${users}  12 ms, resumed\n`,
  ],
  [
    'a step is skipped',
    { type: 'step-finished', name: users, action: 'skip', index: 1, total: 1, durationMs: 0 },
    `- ${users}  skipped: not for this kind of database\n`,
  ],
  [
    'a retry',
    retrying(1),
    `! ${email}: canceling statement due to lock timeout (55P03), rolled back; attempt 2 in 250 ms; blocked by pid 99 (psql), idle in transaction, last statement: select * from users\n`,
  ],
  [
    'a log call',
    { type: 'migration-log', name: users, message: 'copied', data: { rows: 3 } },
    `· ${users}: copied { rows: 3 }\n`,
  ],
  [
    'a failed cleanup',
    { type: 'cleanup-failed', what: 'releasing the run lock', message: 'gone' },
    '! releasing the run lock failed while cleaning up: gone\n',
  ],
  ['a signal', { type: 'stopping', signal: 'SIGTERM' }, '! SIGTERM received, stopping\n'],
  ['nothing to do', ended({}), '✓ up to date: 0 applied  1.2 s\n'],
  [
    'done',
    ended({ applied: ['a', 'b'], skipped: ['c'], pending: ['d'] }),
    '✓ 2 migrations applied, 1 skipped, 1 still pending  1.2 s\n',
  ],
]
for (const [what, event, expected] of table)
  test(what, async () => assert.equal(await tell([event]), expected))

test('durations line up, and the end counts what was there before', async () => {
  const text = await tell([planned({}, { name: 'short' }), finished(users), finished('short', 1500)])
  assert.equal(text, `· 42 applied, 2 to run\n✓ ${users}  12 ms\n✓ ${'short'.padEnd(users.length)}  1.5 s\n`)
  assert.equal(await tell([planned(), ended({})]), '✓ up to date: 42 applied  1.2 s\n')
})

test('a failure: where, what the server said, what state the database is in, what to type', async () => {
  const error = fullError()
  const text = await tell([
    planned({}, {}, {}),
    started(users),
    finished(users),
    started(email),
    { type: 'step-failed', name: email, error, durationMs: 812 },
    ended({ exitCode: 70, applied: [users], pending: [email, index], error }),
  ])
  assert.equal(
    text,
    `· 42 applied, 3 to run
✓ ${users.padEnd(index.length)}  12 ms
✗ ${email}  failed after 812 ms
  relation "userz" does not exist
  at migrations/${email}.sql:12:13

    11 | select 1;
    12 | alter table userz add column email text
       |             ^

  SQLSTATE 42P01, statement 2 of 4
  DETAIL   Key (id)=(1) is there.
  HINT     Perhaps you meant "users".
  CONTEXT  PL/pgSQL function f() line 3
           SQL statement "select f()"
stopped: ${email} was rolled back; 1 migration before it stays applied; 1 not run; exit 70 after 1.2 s
next: correct it and run again: slipway up
`,
  )
})

test('a refusal: every reason with its own cure, then the next command', async () => {
  const error = refusal()
  assert.equal(
    await tell([ended({ exitCode: 65, error, pending: ['a'] })]),
    `✗ 2 migrations stand in the way
  ✗ ${users} was edited after it was applied
    at migrations/${users}.sql
    DETAIL   applied sha256-v1:aaaa
             file    sha256-v1:bbbb
    next: restore the file and write the change as a new migration (slipway new NAME); or accept it as it is: slipway repair --accept NAME
  ✗ ${index} is applied, and its file is gone
    next: restore the file, or keep it in old/; if it is gone for good: slipway repair --forget NAME
stopped: no migration was run; 1 not run; exit 65 after 1.2 s
next: slipway status
`,
  )
})

const remains: [string, { transaction: boolean }, SlipwayError, string][] = [
  [
    'in a transaction',
    { transaction: true },
    new SlipwayError('not-awaited', 'x'),
    `${users} was rolled back`,
  ],
  [
    'the session was lost',
    { transaction: true },
    new SlipwayError('session-lost', 'x'),
    `${users} was not confirmed: the server rolls back what was not committed`,
  ],
  [
    'it committed by itself',
    { transaction: true },
    new SlipwayError('escaped', 'x'),
    `${users} ended its own transaction, so part of it may be committed`,
  ],
  [
    'outside, third statement',
    { transaction: false },
    new SlipwayError('migration-failed', 'x', { statement: { index: 3, total: 5 } }),
    `${users} runs outside a transaction: 2 of its 5 statements are done and stay`,
  ],
  [
    'outside, first statement',
    { transaction: false },
    new SlipwayError('migration-failed', 'x', { statement: { index: 1, total: 5 } }),
    `${users} runs outside a transaction: its first statement failed, the rest was not sent`,
  ],
  [
    'outside, TypeScript',
    { transaction: false },
    new SlipwayError('migration-failed', 'x'),
    `${users} runs outside a transaction: what it did before this stays`,
  ],
]
for (const [what, step, error, expected] of remains)
  test(`what remains: ${what}`, async () => {
    const text = await tell([planned(step), started(users), ended({ exitCode: error.exitCode, error })])
    assert.match(text, new RegExp(`^stopped: ${expected}; exit ${error.exitCode} after`, 'm'))
  })

test('retries are told at 1, 2, 4, 8 and when the blocker changes; all of them at debug', async () => {
  const attempts = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => retrying(attempt, attempt === 6 ? 100 : 99))
  const told = (text: string) => [...text.matchAll(/attempt (\d+) in/g)].map(([, next]) => Number(next) - 1)
  assert.deepEqual(told(await tell(attempts)), [1, 2, 4, 6, 7, 8])
  assert.deepEqual(told(await tell(attempts, { level: 'debug' })), [1, 2, 3, 4, 5, 6, 7, 8])
})

test('a plan that stays the same under the lock is told once, and ahead is not warned of twice', async () => {
  const plan: RunEvent = { type: 'planned', steps: [], applied: 1, ahead: ['x'] }
  const text = await tell([plan, plan, { type: 'warning', code: 'ahead', message: 'x is ahead' }])
  assert.equal(text, '! 1 migration is ahead of this image: x\n')
})

test('a verb with a result on stdout only tells trouble', async () => {
  const quiet = await tell([runStarted, planned({}), ended({})], { verb: 'status' })
  assert.equal(quiet, '')
  const error = new SlipwayError('unreachable', 'nobody answers')
  const loud = await tell([ended({ verb: 'status', exitCode: 69, error })], { verb: 'status' })
  assert.match(loud, /^✗ nobody answers\n/)
})

test('a verb that only reads does not speak of migrations it did not run', async () => {
  const error = new SlipwayError('pending', '2 migrations are pending')
  assert.equal(
    await tell([ended({ verb: 'wait', exitCode: 3, pending: ['a', 'b'], error })], { verb: 'wait' }),
    '✗ 2 migrations are pending\nwait stopped: 2 pending; exit 3 after 1.2 s\nnext: slipway up\n',
  )
})

test('levels: error tells failures only, silent nothing', async () => {
  const error = fullError()
  const events = [runStarted, finished(users), ended({ exitCode: 70, error })]
  assert.match(await tell(events, { level: 'error' }), /^✗ relation "userz" does not exist\n/)
  assert.equal(await tell(events, { level: 'silent' }), '')
})

test('stack traces, with their causes, are shown at debug only', async () => {
  const failed: RunEvent = { type: 'step-failed', name: email, error: fullError(), durationMs: 1 }
  assert.doesNotMatch(await tell([failed]), /samples\.ts/)
  assert.match(
    await tell([failed], { level: 'debug' }),
    /samples\.ts[\s\S]*caused by Error: the driver's own/,
  )
})

test('no spelling of a password is printed, nor the part of it that a cut would leave', async () => {
  const spellings = [
    nastyPassword,
    encodeURIComponent(nastyPassword),
    JSON.stringify(nastyPassword).slice(1, -1),
  ]
  for (const secret of spellings) {
    const error = fullError({ secret })
    const text = await tell(
      [
        { type: 'warning', code: 'x', message: `url ${secret}` },
        { type: 'waiting-for-database', reason: `${'x'.repeat(195)}${secret}`, elapsedMs: 0, timeoutMs: 1 },
        held({ statement: `${'x'.repeat(74)}${secret}` }),
        { type: 'migration-log', name: users, message: secret, data: { url: secret, list: [secret] } },
        { type: 'step-failed', name: email, error, durationMs: 1 },
        ended({ exitCode: 70, error }),
      ],
      { secret: nastyPassword, level: 'debug' },
    )
    assert.equal(text.includes(secret), false)
    assert.equal(text.includes(secret.slice(0, 3)), false)
    assert.match(text, /url \*\*\*/)
  }
})

test('what cannot be shown does not stop the run', async () => {
  const hostile = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no')
      },
    },
  )
  const circular: Record<string, unknown> = { big: 1n }
  circular.self = circular
  const log = (data: unknown): RunEvent => ({ type: 'migration-log', name: users, message: 'm', data })
  const text = await tell([log(hostile), log(circular), finished(users)])
  assert.match(text, new RegExp(`✓ ${users}  12 ms\n$`))
})
