import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  createFolder,
  execute,
  openReady,
  openSession,
  query,
  root,
  sqlAttempt,
  startPeer,
} from './fixture.ts'

test('a writing session creates the file and nothing else', async () => {
  using folder = createFolder()
  await using session = await openSession(folder.file)
  assert.deepEqual(folder.list(), ['app.db'])
  assert.equal(session.facts.database, 'app.db')
  assert.equal(session.facts.historyTable, 'schema_migrations')
  assert.match(session.facts.serverVersion, /^3\.\d+\.\d+$/)
  assert.deepEqual(await session.readHistory(), { exists: false, rows: [] })
})

test('what cannot be opened is refused with the path in the message', async (t) => {
  using folder = createFolder()
  mkdirSync(join(folder.dir, 'sub'))
  writeFileSync(
    join(folder.dir, 'notes.txt'),
    'not a database, however often SQLite looks at it. '.repeat(40),
  )
  for (const intent of ['read', 'write'] as const) {
    await t.test(`${intent}: a directory`, async () => {
      await assert.rejects(openSession(join(folder.dir, 'sub'), { intent }), {
        code: 'bad-url',
        message: /sub is a directory/,
      })
    })
    await t.test(`${intent}: no database`, async () => {
      await assert.rejects(openSession(join(folder.dir, 'notes.txt'), { intent }), {
        code: 'bad-url',
        message: /notes\.txt is not a SQLite database/,
      })
    })
    await t.test(`${intent}: another schema than main`, async () => {
      await assert.rejects(openSession(folder.file, { intent, schema: 'app' }), { code: 'bad-setting' })
    })
  }
  await t.test('write: a directory that does not exist', async () => {
    await assert.rejects(openSession(join(folder.dir, 'none', 'app.db')), {
      code: 'not-writable',
      message: /none does not exist/,
    })
  })
})

test('the schema main may be named', async () => {
  using folder = createFolder()
  await using session = await openSession(folder.file, { schema: 'main' })
  await session.ensureHistory()
  assert.equal((await session.readHistory()).exists, true)
})

test('reading writes nothing', async (t) => {
  await t.test('a missing file stays missing', async () => {
    using folder = createFolder()
    await using session = await openSession(folder.file, { intent: 'read' })
    assert.deepEqual(await session.readHistory(), { exists: false, rows: [] })
    assert.deepEqual(await session.failuresSince(new Date(0)), [])
    assert.equal(await session.readSource('x'), undefined)
    assert.deepEqual(folder.list(), [])
  })
  await t.test('a missing directory stays missing', async () => {
    using folder = createFolder()
    await using session = await openSession(join(folder.dir, 'none', 'app.db'), { intent: 'read' })
    assert.equal((await session.readHistory()).exists, false)
    assert.deepEqual(folder.list(), [])
  })
  await t.test('a file that appears later is read', async () => {
    using folder = createFolder()
    await using reader = await openSession(folder.file, { intent: 'read' })
    await using writer = await openReady(folder.file)
    await writer.applyInTransaction(await sqlAttempt('0001', 'create table t (a)'))
    assert.deepEqual(
      (await reader.readHistory()).rows.map((row) => row.name),
      ['0001'],
    )
  })
  for (const mode of ['delete', 'wal']) {
    await t.test(`${mode}: nothing appears beside the database`, async () => {
      using folder = createFolder()
      execute(folder.file, `pragma journal_mode = ${mode}; create table t (a); insert into t values (1)`)
      const before = folder.list()
      await using session = await openSession(folder.file, { intent: 'read' })
      assert.equal((await session.readHistory()).exists, false)
      assert.deepEqual(folder.list(), before)
      assert.deepEqual(before, ['app.db'])
    })
  }
  await t.test('wal: the files of an app that died stay as they are', async () => {
    using folder = createFolder()
    const peer = await startPeer(folder.file)
    await peer.ask(`db.pragma('journal_mode = wal')`)
    await peer.ask(`db.exec('create table t (a)').open`)
    await peer.kill()
    const before = folder.list()
    assert.ok(before.includes('app.db-wal'))
    await using session = await openSession(folder.file, { intent: 'read' })
    assert.equal((await session.readHistory()).exists, false)
    assert.deepEqual(folder.list(), before)
  })
  await t.test('a reading session refuses to write', async () => {
    using folder = createFolder()
    await using session = await openSession(folder.file, { intent: 'read' })
    await assert.rejects(session.ensureHistory(), { code: 'bug' })
    await assert.rejects(session.tryRunLock(), { code: 'bug' })
    assert.deepEqual(folder.list(), [])
  })
})

test('a transaction that a killed process left behind is undone by whoever reads next', async () => {
  using folder = createFolder()
  execute(folder.file, 'create table t (a); insert into t values (1)')
  const peer = await startPeer(folder.file)
  // A cache of one page makes SQLite write to the file, and so to the journal, before the commit.
  await peer.ask(`db.pragma('cache_size = 1')`)
  await peer.ask(`db.exec('begin immediate').open`)
  await peer.ask(
    `db.exec("update t set a = 2; create table big (b); insert into big select randomblob(3000) from (with recursive n (i) as (select 1 union all select i + 1 from n where i < 200) select i from n)").open`,
  )
  await peer.kill()
  assert.ok(folder.list().includes('app.db-journal'))
  await using session = await openSession(folder.file, { intent: 'read' })
  assert.equal((await session.readHistory()).exists, false)
  assert.deepEqual(query(folder.file, 'select a from t'), [{ a: 1 }])
})

test('a link to the file finds the same file and the same lock', async () => {
  using folder = createFolder()
  await using direct = await openSession(folder.file)
  symlinkSync(folder.file, join(folder.dir, 'link.db'))
  await using linked = await openSession(join(folder.dir, 'link.db'))
  assert.equal(await direct.tryRunLock(), true)
  assert.equal(await linked.tryRunLock(), false)
})

/** Connects as a user who owns nothing here, in another process: root may write everywhere. */
function connectAsStranger(
  path: string,
  intent: 'read' | 'write',
): { code?: string; message?: string; rows?: number } {
  const code = `
    import { openSession } from ${JSON.stringify(join(import.meta.dirname, 'fixture.ts'))}
    try {
      const session = await openSession(${JSON.stringify(path)}, { intent: ${JSON.stringify(intent)} })
      const { rows } = await session.readHistory()
      console.log(JSON.stringify({ rows: rows.length }))
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }))
    }`
  const stranger = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
    ...stranger,
  })
  assert.equal(run.status, 0, run.stderr)
  return JSON.parse(run.stdout)
}

test('a user who may not write', async (t) => {
  const closed = async (mode: 'delete' | 'wal') => {
    const folder = createFolder()
    execute(folder.file, `pragma journal_mode = ${mode}`)
    const session = await openReady(folder.file)
    await session.applyInTransaction(await sqlAttempt('0001', 'create table t (a)'))
    await session.close()
    chmodSync(folder.file, 0o444)
    chmodSync(folder.dir, 0o555)
    return folder
  }
  await t.test('cannot open a session that writes, and is told why', async () => {
    using folder = await closed('delete')
    const { code, message } = connectAsStranger(folder.file, 'write')
    assert.equal(code, 'not-writable')
    assert.match(
      message ?? '',
      /cannot write .*app\.db: .* has mode 0555 and owner \d+:\d+; slipway runs as \d+:\d+/,
    )
    chmodSync(folder.dir, 0o755)
  })
  await t.test('cannot write a file that is read-only in a directory that is not', async () => {
    using folder = await closed('delete')
    chmodSync(folder.dir, 0o777)
    const { code, message } = connectAsStranger(folder.file, 'write')
    assert.equal(code, 'not-writable')
    assert.match(message ?? '', /app\.db has mode 0444/)
  })
  await t.test('reads history', async () => {
    using folder = await closed('delete')
    assert.deepEqual(connectAsStranger(folder.file, 'read'), { rows: 1 })
    chmodSync(folder.dir, 0o755)
  })
  await t.test('is told why a WAL database without its -wal file cannot be read', async () => {
    using folder = await closed('wal')
    const { code, message } = connectAsStranger(folder.file, 'read')
    assert.equal(code, 'not-writable')
    assert.match(message ?? '', /cannot open .*app\.db: .*-wal.* has mode 0555/)
    chmodSync(folder.dir, 0o755)
  })
  await t.test('reads a WAL database while the app has it open', async () => {
    using folder = await closed('wal')
    chmodSync(folder.dir, 0o755)
    chmodSync(folder.file, 0o644)
    await using app = await startPeer(folder.file)
    await app.ask(`db.prepare('select count(*) from t').get()`)
    chmodSync(folder.dir, 0o555)
    assert.deepEqual(connectAsStranger(folder.file, 'read'), { rows: 1 })
    chmodSync(folder.dir, 0o755)
  })
  await t.test('cannot read what is not his', async () => {
    using folder = await closed('delete')
    chmodSync(folder.file, 0o400)
    if (process.getuid?.() !== 0) chmodSync(folder.file, 0o000)
    const { code, message } = connectAsStranger(folder.file, 'read')
    assert.equal(code, 'not-writable')
    assert.match(message ?? '', /cannot open .*app\.db/)
    chmodSync(folder.dir, 0o755)
  })
})
