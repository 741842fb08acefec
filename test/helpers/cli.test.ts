import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type SlipwayOptions, startSlipway } from './cli.ts'
import { isAlive } from './kill.ts'
import { testPassword } from './password.ts'
import { createWorkspace } from './workspace.ts'

/** Runs a snippet in place of the CLI. */
const start = (code: string, options: SlipwayOptions = {}) =>
  startSlipway([], { command: [process.execPath, '-e', code], ...options })

test('the result holds both streams, the code and the signal', async () => {
  const result = await start('console.log("out"); console.error("err"); process.exitCode = 65').done
  assert.deepEqual(
    { ...result, durationMs: 0 },
    { code: 65, signal: null, stdout: 'out\n', stderr: 'err\n', durationMs: 0 },
  )
  const killed = await start('process.kill(process.pid, "SIGKILL")').done
  assert.deepEqual([killed.code, killed.signal], [null, 'SIGKILL'])
})

test('the environment is clean', async () => {
  process.env.PGPASSWORD = 'inherited'
  process.env.SLIPWAY_DIR = 'inherited'
  try {
    const { stdout } = await start('console.log(JSON.stringify(process.env))', { env: { A: '1' } }).done
    const names = Object.keys(JSON.parse(stdout)).sort()
    assert.deepEqual(
      names,
      ['A', 'HOME', 'PATH', 'TMPDIR'].filter((n) => n === 'A' || process.env[n]),
    )
  } finally {
    delete process.env.PGPASSWORD
    delete process.env.SLIPWAY_DIR
  }
})

test('input is passed on, and closed without one', async () => {
  const echo = 'process.stdin.pipe(process.stdout)'
  assert.equal((await start(echo, { input: 'hello' }).done).stdout, 'hello')
  assert.equal((await start(echo).done).stdout, '')
})

test('output can be waited for, a signal sent', async () => {
  const running = start(
    'process.on("SIGTERM", () => process.exit(143)); console.error("ready 7"); setInterval(() => {}, 999)',
  )
  const match = await running.waitForOutput(/ready (\d)/)
  assert.equal(match[1], '7')
  assert.ok(isAlive(running.pid))
  running.kill('SIGTERM')
  assert.equal((await running.done).code, 143)
})

test('waiting for output that never comes rejects with what was printed', async () => {
  await assert.rejects(start('console.log("something else")').waitForOutput(/ready/), /something else/)
})

test('a process that hangs is killed and rejects', async () => {
  const running = start('console.log("stuck"); setInterval(() => {}, 999)', { timeoutMs: 500 })
  await assert.rejects(running.done, /did not end within 500 ms[\s\S]*stuck/)
  assert.ok(!isAlive(running.pid))
})

test('everything shown goes to the leak log, the process title too', async () => {
  using workspace = createWorkspace({ log: '' })
  const before = process.env.TEST_LEAK_LOG
  process.env.TEST_LEAK_LOG = workspace.path('log')
  try {
    const code =
      'process.title = "my title"; console.log("printed"); setTimeout(() => console.error("late"), 300)'
    await start(code).done
    const log = readFileSync(workspace.path('log'), 'utf8')
    for (const text of ['printed', 'late', ...(process.platform === 'linux' ? ['my title'] : [])])
      assert.ok(log.includes(text), text)
  } finally {
    if (before === undefined) delete process.env.TEST_LEAK_LOG
    else process.env.TEST_LEAK_LOG = before
  }
})

// The planted leaks must not reach the log of the run, which would fail for them.
for (const [where, code] of [
  ['stdout', 'console.log("url: " + encodeURIComponent(process.env.SECRET))'],
  ['stderr', 'console.error(JSON.stringify({ error: process.env.SECRET }))'],
  ['title', 'process.title = "slipway " + process.env.SECRET; setTimeout(() => {}, 500)'],
] as const)
  test(`a leak through ${where} rejects`, {
    skip: where === 'title' && process.platform !== 'linux',
  }, async () => {
    const log = process.env.TEST_LEAK_LOG
    delete process.env.TEST_LEAK_LOG
    try {
      await assert.rejects(start(code, { env: { SECRET: testPassword() } }).done, /the password leaked/)
    } finally {
      if (log !== undefined) {
        process.env.TEST_LEAK_LOG = log
        appendFileSync(log, `(a leak through ${where} was planted and found)\n`)
      }
    }
  })
