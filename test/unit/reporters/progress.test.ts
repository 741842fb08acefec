import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { RunEvent } from '../../../src/events.ts'
import { noRedaction } from '../../../src/redact.ts'
import { clearLine } from '../../../src/reporters/progress.ts'
import { createReporter } from '../../../src/reporters/reporter.ts'
import { CollectingStream } from '../../helpers/collecting-stream.ts'
import { ended, finished, planned, started, users } from './samples.ts'

/** A reporter whose clock and timer are moved by `pass`. */
async function openReporter(t: TestContext, options: { readonly isTTY: boolean; readonly columns?: number }) {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  const stream = new CollectingStream(options)
  const reporter = await createReporter({
    format: 'pretty',
    level: 'info',
    verb: 'up',
    stream,
    isTTY: options.isTTY,
    colors: false,
    redact: noRedaction,
  })
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 200) t.mock.timers.tick(200)
  }
  const take = () => stream.chunks.splice(0).join('|')
  return { reporter, stream, take, pass }
}

const statement = (index: number): RunEvent => ({
  type: 'statement-finished',
  name: users,
  index,
  total: 3,
  durationMs: 1,
})

test('a terminal: the running step is drawn in place and cleared before each line', async (t) => {
  const { reporter, take, pass } = await openReporter(t, { isTTY: true })
  reporter.listen(planned({}, {}))
  assert.equal(take(), '· 42 applied, 2 to run\n')
  reporter.listen(started(users, 3))
  assert.equal(take(), `▸ ${users}  (1 of 2)  0 s, 0 of 3 statements done`)
  pass(400)
  assert.equal(take(), '', 'nothing is drawn while nothing changes')
  reporter.listen(statement(1))
  pass(800)
  assert.match(take(), /\(1 of 2\) {2}1 s, 1 of 3 statements done$/)
  reporter.listen({ type: 'warning', code: 'x', message: 'careful' })
  assert.equal(take(), `${clearLine}! careful\n▸ ${users}  (1 of 2)  1 s, 1 of 3 statements done`)
  reporter.listen(finished(users))
  assert.equal(take(), `${clearLine}|✓ ${users}  12 ms\n`)
  pass(5000)
  assert.equal(take(), '', 'no timer is left')
})

test('a terminal: a retried step counts its statements anew', async (t) => {
  const { reporter, take } = await openReporter(t, { isTTY: true })
  reporter.listen(started(users, 3))
  reporter.listen(statement(2))
  reporter.listen({
    type: 'step-retrying',
    name: users,
    attempt: 1,
    sqlstate: '40P01',
    reason: 'deadlock',
    blockers: [],
    delayMs: 1,
  })
  assert.match(take(), /0 s, 0 of 3 statements done$/)
})

test('a terminal: waiting ticks below its line; closing leaves nothing behind', async (t) => {
  const { reporter, take, pass } = await openReporter(t, { isTTY: true })
  reporter.listen({ type: 'waiting-for-database', reason: 'refused', elapsedMs: 4000, timeoutMs: 60_000 })
  pass(2000)
  assert.equal(
    take(),
    `… waiting for the database (refused), 4 s of 60 s\n|  4 s of 60 s|${clearLine}  5 s of 60 s|${clearLine}  6 s of 60 s`,
  )
  await reporter.close()
  assert.equal(take(), `${clearLine}|`)
})

test('a terminal: the live line never wraps', async (t) => {
  const { reporter, take } = await openReporter(t, { isTTY: true, columns: 20 })
  reporter.listen(started(users, 3))
  assert.equal(take(), '▸ 20260101000000_c…')
})

test('no terminal: no cursor codes, a sign of life at 10 s, 30 s, then each minute', async (t) => {
  const { reporter, stream, pass } = await openReporter(t, { isTTY: false })
  reporter.listen(started(users, 3))
  reporter.listen(statement(1))
  pass(200_000)
  reporter.listen(finished(users))
  pass(200_000)
  reporter.listen(ended({ applied: [users] }))
  assert.deepEqual(stream.text.split('\n'), [
    ...['10 s', '30 s', '60 s', '2 min', '3 min'].map(
      (time) => `… ${users} has been running for ${time}, 1 of 3 statements done`,
    ),
    `✓ ${users}  12 ms`,
    '✓ 1 migration applied  1.2 s',
    '',
  ])
})

test('no terminal: beats that fell into a blocked event loop are told once', async (t) => {
  const { reporter, take } = await openReporter(t, { isTTY: false })
  reporter.listen(started(users))
  t.mock.timers.setTime(100_000)
  t.mock.timers.tick(5000)
  assert.equal(take(), `… ${users} has been running for 105 s\n`)
})

test('a live line does not keep the process alive, and a broken pipe does not end it', () => {
  const reporterFile = join(import.meta.dirname, '../../../src/reporters/reporter.ts')
  const script = `
    import { createReporter } from ${JSON.stringify(reporterFile)}
    for (const format of ['pretty', 'json']) {
      const reporter = await createReporter({ format, level: 'info', verb: 'up', stream: process.stderr, isTTY: true, colors: false, redact: (text) => text })
      reporter.listen({ type: 'step-started', name: 'a', action: 'apply', index: 1, total: 1 })
      for (let i = 0; i < 50; i++) {
        reporter.listen({ type: 'notice', code: 'x', message: 'y'.repeat(9999) })
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    console.log('alive')`
  const command = '"$0" --input-type=module-typescript -e "$1" 2>&1 >&3 | true'
  const run = spawnSync('sh', ['-c', command, process.execPath, script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    timeout: 30_000,
  })
  assert.equal(run.output[3], 'alive\n')
  assert.equal(run.signal, null, 'it ended by itself')
})
