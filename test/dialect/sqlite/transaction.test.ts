import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { AlreadyRecorded, StatementError, TransactionEscaped } from '../../../src/dialects/dialect.ts'
import { sqlite } from '../../../src/dialects/sqlite/index.ts'
import {
  codeAttempt,
  createFolder,
  openReady,
  query,
  rawAttempt,
  recordOf,
  sqlAttempt,
  stateOf,
} from './fixture.ts'

for (const place of ['file', ':memory:']) {
  test(`${place}: a migration and its row commit together or not at all`, async () => {
    using folder = createFolder()
    await using session = await openReady(place === 'file' ? folder.file : place)
    const done: number[] = []
    await session.applyInTransaction(
      await sqlAttempt('0001', 'create table a (x); create table b (x);', { done }),
    )
    assert.deepEqual(done, [0, 1])
    await assert.rejects(
      session.applyInTransaction(
        await sqlAttempt('0002', 'create table c (x); insert into nowhere values (1)'),
      ),
      (error: unknown) => {
        assert.ok(error instanceof StatementError)
        assert.equal(error.index, 1)
        assert.equal(sqlite.explain(error.cause).message, 'no such table: nowhere')
        return true
      },
    )
    assert.equal(await stateOf(session, '0001'), 'applied')
    assert.equal(await stateOf(session, '0002'), undefined)
    const seen: boolean[] = []
    await session.applyInTransaction(
      codeAttempt('0003', async (_, checks) => {
        for (const table of ['a', 'b', 'c']) seen.push(await checks.tableExists(table))
      }),
    )
    assert.deepEqual(seen, [true, true, false])
  })

  test(`${place}: nothing a migration does to its connection reaches the next one`, async () => {
    using folder = createFolder()
    await using session = await openReady(place === 'file' ? folder.file : place)
    await session.applyInTransaction(
      await sqlAttempt(
        '0001',
        `create table t (a integer primary key, b);
         create temp table left_over (a);
         pragma recursive_triggers = off;
         pragma case_sensitive_like = on;
         pragma legacy_alter_table = on;
         attach ':memory:' as elsewhere;
         create table elsewhere.e (a)`,
      ),
    )
    await session.applyInTransaction(
      codeAttempt('0002', async ({ query: ask }, checks) => {
        assert.equal(await checks.tableExists('t'), true)
        assert.equal(await checks.tableExists('left_over'), false)
        assert.equal(await checks.schemaExists('elsewhere'), false)
        assert.deepEqual(await ask(`select 'A' like 'a' as alike`, []), [{ alike: 1 }])
        assert.deepEqual(await ask('pragma legacy_alter_table', []), [{ legacy_alter_table: 0 }])
        assert.deepEqual(await ask('pragma foreign_keys', []), [{ foreign_keys: 1 }])
      }),
    )
  })
}

test('what is recorded is not applied again; what was started is finished', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await session.applyInTransaction(await sqlAttempt('0001', 'create table t (a)'))
  await assert.rejects(session.applyInTransaction(await sqlAttempt('0001', 'drop table t')), AlreadyRecorded)
  await session.recordSkipped(recordOf('0002'))
  await assert.rejects(session.applyInTransaction(await sqlAttempt('0002', 'drop table t')), AlreadyRecorded)
  await session.recordStarted(recordOf('0003'))
  await session.applyInTransaction(await sqlAttempt('0003', 'insert into t values (1)'))
  assert.equal(await stateOf(session, '0003'), 'applied')
  assert.deepEqual(query(folder.file, 'select a from t'), [{ a: 1 }])
})

test('a SQL migration that ends the transaction is stopped there', async (t) => {
  for (const text of ['commit', 'rollback', 'end transaction', 'commit; begin']) {
    await t.test(text, async () => {
      using folder = createFolder()
      await using session = await openReady(folder.file)
      await assert.rejects(
        session.applyInTransaction(
          await sqlAttempt('0001', `create table a (x); ${text}; create table b (x)`),
        ),
        TransactionEscaped,
      )
      assert.equal(await stateOf(session, '0001'), undefined)
      assert.deepEqual(query(folder.file, `select name from sqlite_schema where name = 'b'`), [])
    })
  }
})

test('code cannot control the transaction, and swallowing the refusal does not help', async (t) => {
  for (const text of ['commit', '  -- done\n COMMIT', 'begin', 'rollback', 'savepoint s', 'select 1; end']) {
    await t.test(JSON.stringify(text), async () => {
      using folder = createFolder()
      await using session = await openReady(folder.file)
      await assert.rejects(session.applyInTransaction(rawAttempt('0001', text)), {
        name: 'Error',
        message: /a migration in a transaction cannot send .*transaction: false/s,
      })
      assert.equal(await stateOf(session, '0001'), undefined)
    })
  }
})

test('a statement that undoes the whole transaction fails the migration, even if its error is caught', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await session.applyInTransaction(
    await sqlAttempt('0001', 'create table t (a unique); insert into t values (1)'),
  )
  const run = session.applyInTransaction(
    codeAttempt('0002', async (executor) => {
      await executor.query('create table lost (a)', [])
      await executor.query('insert or rollback into t values (?)', [1]).catch(() => {})
      await executor.query('create table stray (a)', []).catch(() => {})
    }),
  )
  await assert.rejects(run, { code: 'SQLITE_CONSTRAINT_UNIQUE' })
  assert.equal(await stateOf(session, '0002'), undefined)
  assert.deepEqual(query(folder.file, `select name from sqlite_schema where name in ('lost', 'stray')`), [])
})

test('a failed statement that is caught leaves the rest of the migration standing', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await session.applyInTransaction(
    codeAttempt('0001', async (executor) => {
      await executor.query('create table t (a unique)', [])
      await executor.query('insert into t values (1)', [])
      await assert.rejects(executor.query('insert into t values (1)', []))
    }),
  )
  assert.deepEqual(query(folder.file, 'select a from t'), [{ a: 1 }])
})

test('pragma foreign_keys in a transaction does nothing, and that is told', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const notices: string[] = []
  const text = 'pragma foreign_keys = off; /* x */ PRAGMA main.foreign_keys(0); pragma foreign_keys'
  await session.applyInTransaction(await sqlAttempt('0001', text, { notices }))
  await session.applyInTransaction(rawAttempt('0002', `-- so\n${text}`, { notices }))
  assert.equal(notices.length, 4)
  assert.match(notices[0] ?? '', /^pragma foreign_keys does nothing inside a transaction/)
})

test('a statement timeout is said to have no effect', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const notices: string[] = []
  const attempt = await sqlAttempt('0001', 'create table t (a)', { notices })
  await session.applyInTransaction({ ...attempt, statementTimeoutMs: 100 })
  assert.match(notices.join(), /statement timeout has no effect/)
})

test('checkpoints come in order', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  const points: string[] = []
  const listen = (message: unknown) => {
    const { point, migration } = message as { point: string; migration: string }
    points.push(`${point} ${migration}`)
  }
  subscribe('slipway:checkpoint', listen)
  await session.applyInTransaction(await sqlAttempt('0001', 'create table a (x); create table b (x)'))
  unsubscribe('slipway:checkpoint', listen)
  assert.deepEqual(
    points,
    [
      'statement-sent',
      'statement-done',
      'statement-sent',
      'statement-done',
      'last-statement-done',
      'history-row-written',
      'commit-sent',
      'committed',
    ].map((point) => `${point} 0001`),
  )
})

test('a signal acts between two statements and nothing is left', async (t) => {
  await t.test('sql', async () => {
    using folder = createFolder()
    await using session = await openReady(folder.file)
    const controller = new AbortController()
    const reason = new Error('stop')
    const attempt = await sqlAttempt('0001', 'create table a (x); create table b (x)', {
      signal: controller.signal,
    })
    const run = session.applyInTransaction({ ...attempt, onStatement: () => controller.abort(reason) })
    await assert.rejects(run, reason)
    assert.deepEqual(query(folder.file, `select name from sqlite_schema where name in ('a', 'b')`), [])
  })
  await t.test('code that catches it', async () => {
    using folder = createFolder()
    await using session = await openReady(folder.file)
    const controller = new AbortController()
    const reason = new Error('stop')
    const run = session.applyInTransaction(
      codeAttempt(
        '0001',
        async (executor) => {
          await executor.query('create table a (x)', [])
          controller.abort(reason)
          await executor.query('create table b (x)', []).catch(() => {})
        },
        { signal: controller.signal },
      ),
    )
    await assert.rejects(run, reason)
    assert.deepEqual(query(folder.file, `select name from sqlite_schema where name in ('a', 'b')`), [])
  })
  await t.test('timers and signal handlers run while a long migration does', async () => {
    using folder = createFolder()
    await using session = await openReady(folder.file)
    let ticks = 0
    const timer = setInterval(() => {
      ticks += 1
    }, 0)
    const text = Array.from({ length: 500 }, (_, n) => `create table t${n} (a)`).join(';')
    await session.applyInTransaction(await sqlAttempt('0001', text))
    clearInterval(timer)
    assert.ok(ticks > 0)
  })
})

test('queries run in the order in which they were asked for, and none after the end', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  let ask: ((text: string) => Promise<unknown>) | undefined
  await session.applyInTransaction(
    codeAttempt('0001', async (executor) => {
      ask = (text) => executor.query(text, [])
      const answers = await Promise.all([
        executor.query('create table t (a); insert into t values (1)', []),
        executor.query('insert into t values (?)', [2]),
        executor.query('select a from t order by a; select count(*) as n from t', []),
        executor.query('-- nothing', []),
      ])
      assert.deepEqual(answers, [[], [], [{ n: 2 }], []])
    }),
  )
  await assert.rejects(ask?.('insert into t values (3)') ?? Promise.resolve(), /put await in front/)
  assert.deepEqual(query(folder.file, 'select count(*) as n from t'), [{ n: 2 }])
})
