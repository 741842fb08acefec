/** A reader and a writer of the app in the way, in processes of their own. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { sqlite } from '../../../src/dialects/sqlite/index.ts'
import { createFolder, execute, openReady, query, sqlAttempt, startPeer, stateOf } from './fixture.ts'

test('a reader in the way of the commit: rolled back, retryable, and the reader is named', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table t (a); insert into t values (1)')
  await using session = await openReady(folder.file)
  await using reader = await startPeer(folder.file)
  await reader.ask(`db.exec('begin').open`)
  await reader.ask(`db.prepare('select a from t').all()`)
  const attempt = await sqlAttempt('0001', 'insert into t values (2)', { ddlLockTimeoutMs: 100 })
  const fault = sqlite.explain(await session.applyInTransaction(attempt).catch((error: unknown) => error))
  assert.deepEqual([fault.kind, fault.sqlstate], ['retryable', 'SQLITE_BUSY'])
  if (process.platform === 'linux')
    assert.deepEqual(
      (await session.blockers(attempt)).map(({ pid }) => pid),
      [reader.pid],
    )
  assert.equal(await reader.ask(`db.prepare('select count(*) as n from t').get().n`), '1')
  await reader.ask(`db.exec('commit').open`)
  assert.equal(await reader.ask(`db.prepare('select count(*) as n from t').get().n`), '1')
  await session.applyInTransaction(attempt)
  assert.equal(await stateOf(session, '0001'), 'applied')
})

test('a reader that leaves while the commit waits', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table t (a); insert into t values (1)')
  await using session = await openReady(folder.file)
  await using reader = await startPeer(folder.file)
  await reader.ask(`db.exec('begin').open`)
  await reader.ask(`db.prepare('select a from t').all()`)
  const attempt = await sqlAttempt('0001', 'insert into t values (2)', { ddlLockTimeoutMs: 30_000 })
  // From the first COMMIT on SQLite refuses new readers: the second statement of this one tells that it is so far.
  let over = false
  const run = session.applyInTransaction(attempt).finally(() => {
    over = true
  })
  await using witness = await startPeer(folder.file)
  const isHeldUp = async () =>
    (await witness.ask(`db.prepare('select 1 from t').all()`)) === 'error SQLITE_BUSY'
  while (!over && !(await isHeldUp()));
  assert.equal(over, false)
  await reader.ask(`db.exec('commit').open`)
  await run
  assert.equal(await stateOf(session, '0001'), 'applied')
})

test('a reader of a WAL database is in nobody’s way', async () => {
  using folder = createFolder()
  execute(folder.file, 'pragma journal_mode = wal; create table t (a); insert into t values (1)')
  await using session = await openReady(folder.file)
  await using reader = await startPeer(folder.file)
  await reader.ask(`db.exec('begin').open`)
  await reader.ask(`db.prepare('select a from t').all()`)
  await session.applyInTransaction(
    await sqlAttempt('0001', 'alter table t add column b', { ddlLockTimeoutMs: 1 }),
  )
  assert.equal(await stateOf(session, '0001'), 'applied')
})

for (const mode of ['delete', 'wal']) {
  test(`${mode}: a writer in the way: retryable, and nothing has begun`, async () => {
    using folder = createFolder()
    execute(folder.file, `pragma journal_mode = ${mode}; create table t (a)`)
    await using session = await openReady(folder.file)
    await using writer = await startPeer(folder.file)
    await writer.ask(`db.exec('begin immediate; insert into t values (1)').open`)
    const sent: unknown[] = []
    const listen = (message: unknown) => void sent.push(message)
    subscribe('slipway:checkpoint', listen)
    const attempt = await sqlAttempt('0001', 'insert into t values (2)', { ddlLockTimeoutMs: 60 })
    const error = await session.applyInTransaction(attempt).catch((thrown: unknown) => thrown)
    unsubscribe('slipway:checkpoint', listen)
    assert.equal(sqlite.explain(error).kind, 'retryable')
    assert.deepEqual(sent, [])
    await writer.ask(`db.exec('commit').open`)
    await session.applyInTransaction(attempt)
    assert.deepEqual(query(folder.file, 'select a from t order by a'), [{ a: 1 }, { a: 2 }])
  })
}

test('a writer that leaves while the migration waits', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table t (a)')
  await using session = await openReady(folder.file)
  await using writer = await startPeer(folder.file)
  await writer.ask(`db.exec('begin immediate; insert into t values (1)').open`)
  const run = session.applyInTransaction(
    await sqlAttempt('0001', 'update t set a = 2', { ddlLockTimeoutMs: 30_000 }),
  )
  // The session reads for an instant each time it asks for the lock.
  while ((await writer.ask(`db.exec('commit').open`)) === 'error SQLITE_BUSY');
  await run
  assert.deepEqual(query(folder.file, 'select a from t'), [{ a: 2 }])
})

test('a signal ends the wait for a writer', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await using writer = await startPeer(folder.file)
  await writer.ask(`db.exec('begin immediate').open`)
  const controller = new AbortController()
  const reason = new Error('stop')
  const attempt = await sqlAttempt('0001', 'create table t (a)', {
    ddlLockTimeoutMs: 0,
    signal: controller.signal,
  })
  setImmediate(() => controller.abort(reason))
  await assert.rejects(session.applyInTransaction(attempt), reason)
})

test('history is read while a writer is at it', async () => {
  using folder = createFolder()
  await using session = await openReady(folder.file)
  await using writer = await startPeer(folder.file)
  await writer.ask(`db.exec('begin immediate; create table t (a)').open`)
  assert.equal((await session.readHistory()).exists, true)
})
