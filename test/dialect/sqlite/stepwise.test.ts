import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { AlreadyRecorded, StatementError } from '../../../src/dialects/dialect.ts'
import { sqlite } from '../../../src/dialects/sqlite/index.ts'
import { asFinal } from '../../../src/dialects/sqlite/stepwise-code.ts'
import {
  codeAttempt,
  createFolder,
  execute,
  openReady,
  query,
  rawAttempt,
  sqlAttempt,
  startPeer,
  stateOf,
  stepwise,
} from './fixture.ts'

async function rowOf(session: Awaited<ReturnType<typeof openReady>>, name: string) {
  const row = (await session.readHistory()).rows.find((found) => found.name === name)
  return row && { state: row.state, statementsDone: row.statementsDone }
}

test('statements that refuse a transaction run, and the step ends applied', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const done: number[] = []
  const text = `
    pragma journal_mode = wal;
    create table t (a);
    begin;
    insert into t values (1);
    insert into t values (2);
    commit;
    vacuum;
    attach ':memory:' as m;
    create table m.x (a);
    detach m;
    begin; insert into t values (3); rollback;
    begin exclusive; insert into t values (4); end`
  await session.applyStepwise(stepwise(await sqlAttempt('0001', text, { done })))
  assert.deepEqual(await rowOf(session, '0001'), { state: 'applied', statementsDone: 16 })
  assert.deepEqual(done, [...Array(16).keys()])
  assert.deepEqual(query(folder.file, 'select a from t order by a'), [{ a: 1 }, { a: 2 }, { a: 4 }])
  assert.deepEqual(query(folder.file, 'pragma journal_mode'), [{ journal_mode: 'wal' }])
  assert.deepEqual(
    query(folder.file, 'select event from schema_migrations_log order by id').map((row) => row.event),
    ['start', 'up'],
  )
})

test('a failing statement leaves what was done, and the resumed step goes on there', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table counter (n); create table u (a unique); insert into u values (1)')
  await using session = await openReady(folder.file)
  const text = 'insert into counter values (1); insert into u values (1); insert into counter values (3)'
  const error = await session
    .applyStepwise(stepwise(await sqlAttempt('0001', text)))
    .catch((thrown: unknown) => thrown)
  assert.ok(error instanceof StatementError)
  assert.equal(error.index, 1)
  assert.equal(sqlite.explain(error.cause).sqlstate, 'SQLITE_CONSTRAINT_UNIQUE')
  assert.deepEqual(await rowOf(session, '0001'), { state: 'started', statementsDone: 1 })
  await assert.rejects(session.applyStepwise(stepwise(await sqlAttempt('0001', text))), AlreadyRecorded)
  execute(folder.file, 'delete from u')
  await session.applyStepwise(stepwise(await sqlAttempt('0001', text), 1))
  assert.deepEqual(await rowOf(session, '0001'), { state: 'applied', statementsDone: 3 })
  assert.deepEqual(query(folder.file, 'select n from counter'), [{ n: 1 }, { n: 3 }])
  assert.deepEqual(
    query(folder.file, 'select event, statements_done from schema_migrations_log order by id'),
    [
      { event: 'start', statements_done: 0 },
      { event: 'resume', statements_done: 1 },
      { event: 'up', statements_done: 3 },
    ],
  )
})

test('a group is done whole or not at all', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table t (a unique); insert into t values (7)')
  await using session = await openReady(folder.file)
  const text = 'create table x (a); begin; insert into t values (1); insert into t values (7); commit'
  const error = await session
    .applyStepwise(stepwise(await sqlAttempt('0001', text)))
    .catch((thrown: unknown) => thrown)
  assert.ok(error instanceof StatementError)
  assert.equal(error.index, 3)
  assert.deepEqual(await rowOf(session, '0001'), { state: 'started', statementsDone: 1 })
  assert.deepEqual(query(folder.file, 'select a from t'), [{ a: 7 }])
  execute(folder.file, 'delete from t')
  await session.applyStepwise(stepwise(await sqlAttempt('0001', text), 1))
  assert.deepEqual(query(folder.file, 'select a from t order by a'), [{ a: 1 }, { a: 7 }])
})

test('a resumed step has the pragmas and attached databases of its first half again', async () => {
  using folder = createFolder()
  execute(
    folder.file,
    `create table p (id integer primary key); create table c (p references p on delete cascade);
     insert into p values (1); insert into c values (1)`,
  )
  await using session = await openReady(folder.file)
  const text = `pragma foreign_keys = off; attach ':memory:' as m; create table block (a); drop table p; create table m.x (a)`
  execute(folder.file, 'create table block (a)')
  await assert.rejects(session.applyStepwise(stepwise(await sqlAttempt('0001', text))), StatementError)
  assert.deepEqual(await rowOf(session, '0001'), { state: 'started', statementsDone: 2 })
  execute(folder.file, 'drop table block')
  await session.applyStepwise(stepwise(await sqlAttempt('0001', text), 2))
  assert.deepEqual(query(folder.file, 'select p from c'), [{ p: 1 }])
})

test('a transaction that nothing ends is rolled back and refused', async (t) => {
  const cases = {
    sql: () => sqlAttempt('0001', 'begin; create table x (a)'),
    savepoint: () => sqlAttempt('0001', 'savepoint s; create table x (a)'),
    code: async () => rawAttempt('0001', 'begin; create table x (a)'),
  }
  for (const [what, make] of Object.entries(cases)) {
    await t.test(what, async () => {
      using folder = createFolder()
      await using session = await openReady(folder.file)
      const error = await session.applyStepwise(stepwise(await make())).catch((thrown: unknown) => thrown)
      const cause = error instanceof StatementError ? error.cause : error
      assert.match(cause instanceof Error ? cause.message : '', /transaction/)
      assert.equal(await stateOf(session, '0001'), 'started')
      assert.deepEqual(query(folder.file, `select name from sqlite_schema where name = 'x'`), [])
    })
  }
})

test('code runs statement by statement, with transactions of its own', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await session.applyStepwise(
    stepwise(
      codeAttempt('0001', async (executor, checks) => {
        await executor.query('create table t (a)', [])
        assert.equal(await checks.tableExists('t'), true)
        await executor.query('begin; insert into t values (1); rollback', [])
        await executor.query('begin', [])
        await executor.query('insert into t values (?)', [2])
        await executor.query('commit', [])
        await executor.query('vacuum', [])
      }),
    ),
  )
  assert.equal(await stateOf(session, '0001'), 'applied')
  assert.deepEqual(query(folder.file, 'select a from t'), [{ a: 2 }])
})

test('code that fails keeps its intent row', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await assert.rejects(
    session.applyStepwise(stepwise(rawAttempt('0001', 'create table t (a); insert into nowhere values (1)'))),
    /no such table: nowhere/,
  )
  assert.equal(await stateOf(session, '0001'), 'started')
  assert.deepEqual(query(folder.file, `select name from sqlite_schema where name = 't'`), [{ name: 't' }])
})

test('a signal stops between statements; the step stays unfinished', async (t) => {
  await t.test('sql', async () => {
    using folder = createFolder()
    await using session = await openReady(folder.file)
    const controller = new AbortController()
    const reason = new Error('stop')
    const attempt = await sqlAttempt('0001', 'create table a (x); create table b (x)', {
      signal: controller.signal,
    })
    const run = session.applyStepwise(stepwise({ ...attempt, onStatement: () => controller.abort(reason) }))
    await assert.rejects(run, reason)
    assert.deepEqual(await rowOf(session, '0001'), { state: 'started', statementsDone: 1 })
  })
  await t.test('code that catches it', async () => {
    using folder = createFolder()
    await using session = await openReady(folder.file)
    const controller = new AbortController()
    const reason = new Error('stop')
    const attempt = codeAttempt(
      '0001',
      async (executor) => {
        controller.abort(reason)
        await executor.query('create table a (x)', []).catch(() => {})
      },
      { signal: controller.signal },
    )
    await assert.rejects(session.applyStepwise(stepwise(attempt)), reason)
    assert.equal(await stateOf(session, '0001'), 'started')
  })
})

test('a writer of the app in the way is waited for, then told as retryable', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table t (a)')
  await using session = await openReady(folder.file)
  await using writer = await startPeer(folder.file)
  const attempt = await sqlAttempt('0001', 'vacuum; insert into t values (1)', { ddlLockTimeoutMs: 60 })
  await session.applyStepwise(stepwise(attempt))
  await writer.ask(`db.exec('begin immediate').open`)
  const second = await sqlAttempt('0002', 'insert into t values (2)', { ddlLockTimeoutMs: 60 })
  const error = await session.applyStepwise(stepwise(second)).catch((thrown: unknown) => thrown)
  assert.equal(sqlite.explain(error).kind, 'retryable')
  await writer.ask(`db.exec('commit').open`)
  await session.applyStepwise(stepwise(second))
})

test('checkpoints come in order', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const points: string[] = []
  const listen = (message: unknown) => void points.push((message as { point: string }).point)
  subscribe('slipway:checkpoint', listen)
  await session.applyStepwise(stepwise(await sqlAttempt('0001', 'create table a (x)')))
  unsubscribe('slipway:checkpoint', listen)
  assert.deepEqual(points, [
    'intent-written',
    'statement-sent',
    'statement-done',
    'last-statement-done',
    'history-row-written',
    'commit-sent',
    'committed',
  ])
})

test('a script that has begun is not run again for a lock', () => {
  for (const code of ['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT']) {
    const busy = Object.assign(new Error('database is locked'), { name: 'SqliteError', code })
    assert.equal(sqlite.explain(busy).kind, 'retryable')
    assert.deepEqual(sqlite.explain(asFinal(busy)), {
      kind: 'other',
      message: 'the database stayed locked: database is locked',
    })
  }
  const other = new Error('x')
  assert.equal(asFinal(other), other)
})
