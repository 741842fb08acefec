import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RunEvent } from '../../../src/events.ts'
import { createRedactor, noRedaction, type Redactor } from '../../../src/redact.ts'
import type { LogLevel } from '../../../src/reporters/event-level.ts'
import { toPlainData } from '../../../src/reporters/plain-data.ts'
import { createReporter } from '../../../src/reporters/reporter.ts'
import { CollectingStream } from '../../helpers/collecting-stream.ts'
import {
  email,
  ended,
  finished,
  fullError,
  nastyPassword,
  now,
  refusal,
  runStarted,
  users,
} from './samples.ts'

interface Told {
  readonly level?: LogLevel
  readonly redact?: Redactor
  readonly traceparent?: string
}

async function tellRaw(events: readonly RunEvent[], options: Told = {}): Promise<string> {
  const stream = new CollectingStream()
  const { level = 'info', redact = noRedaction, traceparent } = options
  const reporter = await createReporter({
    format: 'json',
    level,
    verb: 'up',
    stream,
    isTTY: false,
    colors: false,
    redact,
    traceparent,
    now: () => now,
  })
  for (const event of events) reporter.listen(event)
  await reporter.close()
  return stream.text
}

async function tell(events: readonly RunEvent[], options: Told = {}): Promise<Record<string, unknown>[]> {
  const text = await tellRaw(events, options)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const time = '2026-03-04T12:05:00.000Z'

test('the exact line, every key once', async () => {
  const text = await tellRaw([runStarted, finished(users)])
  assert.equal(
    text,
    `{"level":"info","time":"${time}","verb":"up","runId":"r1","event":"run-started","database":"postgres://app@db:5432/app","dir":"./migrations","msg":"up on postgres://app@db:5432/app, migrations from ./migrations"}
{"level":"info","time":"${time}","verb":"up","runId":"r1","event":"step-finished","migration":"${users}","action":"apply","index":1,"total":3,"durationMs":12,"msg":"${users} (12 ms)"}
`,
  )
})

test('a failure has every field of its error, and msg alone tells it', async () => {
  const error = fullError()
  const [step, end] = await tell([
    { type: 'step-failed', name: email, error, durationMs: 812 },
    ended({ exitCode: 70, applied: [users], pending: [email], error }),
  ])
  const fields = {
    code: 'migration-failed',
    exitCode: 70,
    message: 'relation "userz" does not exist',
    hint: 'correct it and run again: slipway up',
    migration: email,
    file: `migrations/${email}.sql`,
    line: 12,
    column: 13,
    excerpt: '11 | select 1;\n12 | alter table userz add column email text\n   |             ^',
    sqlstate: '42P01',
    detail: 'Key (id)=(1) is there.',
    serverHint: 'Perhaps you meant "users".',
    context: 'PL/pgSQL function f() line 3\nSQL statement "select f()"',
    statement: { index: 2, total: 4 },
  }
  assert.deepEqual(step, {
    level: 'error',
    time,
    verb: 'up',
    event: 'step-failed',
    migration: email,
    durationMs: 812,
    error: fields,
    msg: `${email} (failed after 812 ms): relation "userz" does not exist`,
  })
  assert.deepEqual(end, {
    level: 'error',
    time,
    verb: 'up',
    runId: 'r1',
    event: 'run-finished',
    exitCode: 70,
    durationMs: 1234,
    applied: [users],
    skipped: [],
    pending: [email],
    ahead: [],
    error: fields,
    msg: `relation "userz" does not exist; stopped: ${email} did not finish; 1 migration before it stays applied; exit 70 after 1.2 s`,
  })
})

test('reasons are errors of their own', async () => {
  const [line] = await tell([ended({ exitCode: 65, error: refusal() })])
  const error = line?.error as { reasons: { code: string; hint: string }[] }
  assert.deepEqual(
    error.reasons.map(({ code }) => code),
    ['changed', 'missing'],
  )
  assert.equal(
    error.reasons[1]?.hint,
    'restore the file, or keep it in old/; if it is gone for good: slipway repair --forget NAME',
  )
})

test('blockers and lock holders: ISO dates, statements on one line', async () => {
  const holder = { pid: 7, since: new Date('2026-03-04T12:00:00Z'), statement: "alter role x\n password 'y'" }
  const [waiting, retry] = await tell([
    { type: 'waiting-for-lock', holder, elapsedMs: 1, timeoutMs: 2 },
    {
      type: 'step-retrying',
      name: users,
      attempt: 1,
      sqlstate: '55P03',
      reason: 'lock timeout',
      blockers: [holder],
      delayMs: 9,
    },
  ])
  const shown = { pid: 7, since: '2026-03-04T12:00:00.000Z', statement: "alter role x password '***'" }
  assert.deepEqual(waiting?.holder, shown)
  assert.deepEqual(retry?.blockers, [shown])
  assert.equal(retry?.level, 'warn')
})

const levels: [LogLevel, string[]][] = [
  ['debug', ['statement-finished', 'step-finished', 'warning', 'step-failed']],
  ['info', ['step-finished', 'warning', 'step-failed']],
  ['warn', ['warning', 'step-failed']],
  ['error', ['step-failed']],
  ['silent', []],
]
for (const [level, expected] of levels)
  test(`level ${level}`, async () => {
    const lines = await tell(
      [
        { type: 'statement-finished', name: users, index: 1, total: 1, durationMs: 1 },
        finished(users),
        { type: 'warning', code: 'x', message: 'm' },
        { type: 'step-failed', name: email, error: fullError(), durationMs: 1 },
      ],
      { level },
    )
    assert.deepEqual(
      lines.map((line) => line.event),
      expected,
    )
    const stack = (lines.at(-1)?.error as { stack?: string } | undefined)?.stack
    assert.equal(stack !== undefined, level === 'debug')
  })

test('traceparent is on each line if it is one', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const [line] = await tell([runStarted], { traceparent })
  assert.equal(line?.traceparent, traceparent)
  const [other] = await tell([runStarted], { traceparent: 'postgres://u:p@h' })
  assert.equal('traceparent' in (other ?? {}), false)
})

test('no spelling of a password is written, and each line stays JSON', async () => {
  const json = JSON.stringify(nastyPassword).slice(1, -1)
  for (const secret of [nastyPassword, encodeURIComponent(nastyPassword), json]) {
    const error = fullError({ secret })
    const events: RunEvent[] = [
      { type: 'warning', code: 'x', message: secret },
      {
        type: 'migration-log',
        name: users,
        message: secret,
        data: { [secret]: [secret, new Error(secret)] },
      },
      { type: 'step-failed', name: email, error, durationMs: 1 },
      ended({ exitCode: 70, error }),
    ]
    const options = { redact: createRedactor([nastyPassword]), level: 'debug' } as const
    const text = await tellRaw(events, options)
    for (const form of [secret, nastyPassword, json, JSON.stringify(secret).slice(1, -1)])
      assert.equal(text.includes(form), false)
    assert.equal((await tell(events, options)).length, 4)
  }
})

test('a password that looks like a figure or like punctuation does not break the lines', async () => {
  for (const secret of ['123', 'info', '":"', 'event']) {
    const [line] = await tell([{ ...finished(users), durationMs: 1234 } as RunEvent], {
      redact: createRedactor([secret]),
    })
    assert.equal(line?.durationMs, 1234)
    assert.equal(line?.level, 'info')
  }
})

test('nothing is lost when the process is killed right after', () => {
  const reporterFile = join(import.meta.dirname, '../../../src/reporters/reporter.ts')
  const script = `
    import { createReporter } from ${JSON.stringify(reporterFile)}
    const reporter = await createReporter({ format: 'json', level: 'info', verb: 'up', stream: process.stderr, isTTY: false, colors: false, redact: (text) => text })
    for (let i = 0; i < 100; i++) reporter.listen({ type: 'notice', code: String(i), message: 'y'.repeat(9999) })
    process.kill(process.pid, 'SIGKILL')`
  const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 10_000_000,
  })
  assert.equal(run.stderr.trimEnd().split('\n').length, 100)
})

test('a full disk behind stderr does not stop the run', { skip: !existsSync('/dev/full') }, () => {
  const reporterFile = join(import.meta.dirname, '../../../src/reporters/reporter.ts')
  const script = `
    import { createReporter } from ${JSON.stringify(reporterFile)}
    const reporter = await createReporter({ format: 'json', level: 'info', verb: 'up', stream: process.stderr, isTTY: false, colors: false, redact: (text) => text })
    for (let i = 0; i < 3; i++) {
      reporter.listen({ type: 'notice', code: 'x', message: 'y' })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await reporter.close()
    console.log('alive')`
  const full = openSync('/dev/full', 'w')
  try {
    const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', full],
    })
    assert.equal(run.stdout, 'alive\n')
  } finally {
    closeSync(full)
  }
})

test('foreign data: anything becomes plain data', () => {
  const circular: Record<string, unknown> = { big: 1n, at: now, bytes: new Uint8Array(3), no: () => 1 }
  circular.self = circular
  circular.map = new Map([['a', new Set([1])]])
  assert.deepEqual(
    JSON.parse(JSON.stringify(toPlainData(circular, { redact: noRedaction, keys: 'foreign' }))),
    {
      big: '1',
      at: time,
      bytes: '[3 bytes]',
      self: '[circular]',
      map: [['a', [1]]],
    },
  )
  const many = toPlainData(Array(1200).fill(0), { redact: noRedaction, keys: 'foreign' }) as unknown[]
  assert.deepEqual(many.slice(-2), [0, '[200 more]'])
  const own = toPlainData(Array(1200).fill(0), { redact: noRedaction, keys: 'own' }) as unknown[]
  assert.equal(own.length, 1200)
})
