/** Nothing half-awaited, nothing swallowed, and whatever is thrown is said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newestMajor } from '../../helpers/postgres.ts'
import { createScene, errorOf, lineOf, script, testEach } from './scene.ts'

/** A body that must fail with `not-awaited` at the line that holds `at`. */
const unawaited = {
  'a query that was never awaited': { body: 'sql`insert into t values (1)`', at: 'insert into t' },
  'a query that was started and not finished': {
    body: 'sql`select pg_sleep(1)`.then(() => {})',
    at: 'pg_sleep',
  },
  'one of several': {
    body: 'await sql`insert into t values (1)`\nsql`insert into t values (2)`\nawait sql`insert into t values (3)`',
    at: 'values (2)',
  },
  'a raw text': { body: "sql.raw('insert into t values (1)')", at: 'sql.raw' },
  'a check': { body: "context.tableExists('t')", at: 'tableExists' },
  'a fragment that was never used': { body: 'const where = sql`where true`\nvoid where', at: 'where true' },
} as const

for (const [what, { body, at }] of Object.entries(unawaited)) {
  test(`${what} fails its migration and is rolled back`, async () => {
    const source = script(`await sql\`create table t (n int)\`\n${body}`)
    await using scene = await createScene(newestMajor, { '0001_first.sql': 'select 1', '0002_t.ts': source })
    const error = errorOf(await scene.up(70))
    assert.equal(error.code, 'not-awaited')
    assert.match(error.message, /0002_t/)
    assert.match(error.file ?? '', /0002_t\.ts$/)
    assert.equal(error.line, lineOf(source, at))
    assert.deepEqual(await scene.history(), ['0001_first applied'])
    assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
  })
}

const thrown: readonly (readonly [string, RegExp])[] = [
  ["'just a string'", /just a string/],
  ["''", /empty string|''|""/],
  ['null', /threw null/],
  ['undefined', /threw undefined/],
  ['{ reason: "odd" }', /"reason":"odd"/],
  ['42', /42/],
  ['new TypeError("")', /TypeError/],
]

for (const [value, message] of thrown) {
  test(`throwing ${value} fails the migration with words`, async () => {
    await using scene = await createScene(newestMajor, {
      '0001_throws.ts': script(`await sql\`create table t (n int)\`\nthrow ${value}`),
    })
    const error = errorOf(await scene.up(70))
    assert.equal(error.code, 'migration-failed')
    assert.match(error.message, message)
    assert.match(error.file ?? '', /0001_throws\.ts$/)
    assert.deepEqual(await scene.history(), [])
    assert.deepEqual(await scene.db.query("select to_regclass('t') as t"), [{ t: null }])
  })
}

test('an unhandled rejection inside a migration fails it, and nothing is committed', async () => {
  const bodies = {
    'of a promise nobody awaits': "void Promise.reject(new Error('stray'))",
    'while a query runs':
      "setTimeout(() => void Promise.reject(new Error('stray')), 20)\nawait sql`select pg_sleep(20)`",
    'thrown by a timer': "setTimeout(() => { throw new Error('stray') }, 20)\nawait sql`select pg_sleep(20)`",
  }
  for (const [what, body] of Object.entries(bodies)) {
    await using scene = await createScene(newestMajor, {
      '0001_stray.ts': script(`await sql\`create table t (n int)\`\n${body}`),
    })
    const result = await scene.up(70)
    const error = errorOf(result)
    assert.equal(error.code, 'migration-failed', what)
    assert.match(error.message, /stray/, what)
    assert.match(error.message, /0001_stray/, what)
    assert.ok(result.durationMs < 15_000, what)
    assert.deepEqual(await scene.history(), [], what)
    const failures = await scene.db.query("select name from schema_migrations_log where event = 'failure'")
    assert.deepEqual(failures, [{ name: '0001_stray' }], what)
  }
})

test('a query made after its migration has ended fails the run and names that migration', async () => {
  const bodies = {
    'never awaited': 'sql`insert into t values (1)`',
    awaited: 'await sql`insert into t values (1)`',
    'a check': "await context.tableExists('t')",
  }
  for (const [what, body] of Object.entries(bodies)) {
    await using scene = await createScene(newestMajor, {
      '0001_t.sql': 'create table t (n int)',
      '0002_late.ts': script(`setTimeout(async () => { ${body} }, 500)`),
      '0003_slow.sql': 'select pg_sleep(20)',
    })
    const error = errorOf(await scene.up(70))
    assert.match(error.message, /0002_late had already ended/, what)
    assert.deepEqual(await scene.history(), ['0001_t applied', '0002_late applied'], what)
    assert.deepEqual(await scene.db.query('select from t'), [], what)
  }
})

testEach('a swallowed query error fails the migration with that error', async (major) => {
  const source = script(`try { await sql\`select * from nowhere\` } catch {}
try { await sql\`select 2\` } catch {}`)
  await using scene = await createScene(major, { '0001_swallows.ts': source })
  const error = errorOf(await scene.up(70))
  assert.equal(error.sqlstate, '42P01')
  assert.match(error.message, /nowhere/)
  assert.equal(error.line, lineOf(source, 'nowhere'))
  assert.deepEqual(await scene.history(), [])
})
