/** `exec -- CMD`: migrate, then be that program: same process, its signals, its exit code, no secrets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newestMajor } from '../../helpers/postgres.ts'
import { createScene, errorOf } from './scene.ts'

const skip = process.platform === 'win32'

const server = `console.log(JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), env: process.env }))
process.on('SIGTERM', () => { console.log('closing'); process.exit(7) })
setInterval(() => {}, 1000)`

test('the program takes over: same process, its own signal handler, its exit code', { skip }, async () => {
  await using scene = await createScene(newestMajor, { '0001_t.sql': 'create table t (n int)' })
  scene.workspace.write({ 'server.js': server })
  const running = scene.start(['exec', '--', 'node', 'server.js', '--port', '80 80', '--dry-run'], {
    APP_MODE: 'a "mode" with $blanks',
    DATABASE_URL: 'postgres://app@host/db',
  })
  const line = await running.waitForOutput(/^\{"pid".*$/m)
  const told = JSON.parse(line[0]) as { pid: number; argv: string[]; env: Record<string, string> }
  assert.equal(told.pid, running.pid)
  assert.deepEqual(told.argv, ['--port', '80 80', '--dry-run'])
  assert.equal(told.env.APP_MODE, 'a "mode" with $blanks')
  assert.equal(told.env.DATABASE_URL, 'postgres://app@host/db')
  assert.ok(!Object.keys(told.env).some((name) => /^SLIPWAY_.*URL/.test(name)), Object.keys(told.env).join())
  assert.deepEqual(await scene.history(), ['0001_t applied'])
  running.kill('SIGTERM')
  const result = await running.done
  assert.deepEqual([result.code, result.signal], [7, null])
  assert.match(result.stdout, /closing\n$/)
  assert.doesNotMatch(result.stderr, /Warning/)
  const sessions = await scene.db.query(
    "select 1 from pg_stat_activity where datname = current_database() and application_name ~ '^slipway'",
  )
  assert.deepEqual(sessions, [])
})

test('a secret from a file stays out of the environment as well', { skip }, async () => {
  await using scene = await createScene(newestMajor, { '0001_t.sql': 'select 1' })
  scene.workspace.write({ url: scene.db.url() })
  const { code, stdout } = await scene.run(['exec', '--', 'env'], {
    SLIPWAY_DATABASE_URL: undefined,
    SLIPWAY_DATABASE_URL_FILE: scene.workspace.path('url'),
    KEPT: 'yes',
  })
  assert.equal(code, 0)
  assert.match(stdout, /^KEPT=yes$/m)
  assert.doesNotMatch(stdout, /SLIPWAY_DATABASE_URL/)
})

test('a program that dies of a signal dies of it', { skip }, async () => {
  await using scene = await createScene(newestMajor, { '0001_t.sql': 'select 1' })
  const { code, signal } = await scene.run(['exec', '--', 'sh', '-c', 'kill -KILL $$'])
  assert.deepEqual([code, signal], [null, 'SIGKILL'])
})

for (const [what, command] of [
  ['is missing', 'no-such-program'],
  ['is a path that is missing', './no-such-program'],
  ['is not executable', './plain-file'],
  ['is a folder', '/'],
] as const) {
  test(`a command that ${what} is found out before anything is migrated`, async () => {
    await using scene = await createScene(newestMajor, { '0001_t.sql': 'create table t (n int)' })
    scene.workspace.write({ 'plain-file': '#!/bin/sh\n' })
    const result = await scene.run(['exec', '--', command, 'x'])
    const error = errorOf(result)
    assert.deepEqual([result.code, error.code], [78, 'command-missing'])
    assert.ok(error.message.includes(command))
    assert.deepEqual(await scene.history(), [])
  })
}

test('after a failing migration the command never starts', async () => {
  await using scene = await createScene(newestMajor, { '0001_fails.sql': 'select 1 / 0' })
  const result = await scene.run(['exec', '--', 'sh', '-c', 'echo started'])
  assert.deepEqual([result.code, result.stdout], [70, ''])
  assert.equal(errorOf(result).sqlstate, '22012')
})

test('a signal while it migrates stops it, and the command never starts', { skip }, async () => {
  await using scene = await createScene(newestMajor, { '0001_slow.sql': 'select pg_sleep(30)' })
  const running = scene.start(['exec', '--', 'sh', '-c', 'echo started'])
  await running.waitForOutput(/"step-started"/)
  running.kill('SIGTERM')
  const result = await running.done
  assert.deepEqual([result.code, result.stdout], [143, ''])
})
