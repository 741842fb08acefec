import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { createFolder, execute, openReady, openSession, root, sqlAttempt } from './fixture.ts'

interface Runner extends AsyncDisposable {
  readonly pid: number
  readonly got: string
  kill(): Promise<void>
}

/** Another runner: connects, takes the lock, says what came of it, and stays. */
async function startRunner(path: string): Promise<Runner> {
  const code = `
    import { openSession } from ${JSON.stringify(join(import.meta.dirname, 'fixture.ts'))}
    const session = await openSession(${JSON.stringify(path)})
    // What nothing refers to any more is collected, and its lock with it.
    globalThis.kept = session
    console.log(await session.tryRunLock())
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [got] = await once(createInterface({ input: child.stdout }), 'line')
  const kill = async () => {
    if (child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return { pid: child.pid ?? 0, got: String(got), kill, [Symbol.asyncDispose]: kill }
}

test('one process at a time holds the lock, and it dies with the process', async () => {
  using folder = createFolder()
  await using session = await openSession(folder.file)
  await using other = await startRunner(folder.file)
  assert.equal(other.got, 'true')
  assert.equal(await session.tryRunLock(), false)
  if (process.platform === 'linux') assert.equal((await session.runLockHolder())?.pid, other.pid)
  await other.kill()
  assert.equal(await session.tryRunLock(), true)
  assert.equal(await session.tryRunLock(), true)
  const third = await startRunner(folder.file)
  await third.kill()
  assert.equal(third.got, 'false')
  await session.releaseRunLock()
  const fourth = await startRunner(folder.file)
  await fourth.kill()
  assert.equal(fourth.got, 'true')
})

test('the lock leaves an empty file and no journal behind, also after kill -9', async () => {
  using folder = createFolder()
  await using other = await startRunner(folder.file)
  assert.deepEqual(folder.list(), ['app.db', 'app.db.slipway-lock'])
  await other.kill()
  assert.deepEqual(folder.list(), ['app.db', 'app.db.slipway-lock'])
  assert.equal(statSync(`${folder.file}.slipway-lock`).size, 0)
})

test('the lock does not keep the app from the database', async () => {
  using folder = createFolder()
  await using session = await openSession(folder.file)
  assert.equal(await session.tryRunLock(), true)
  execute(folder.file, 'create table t (a); insert into t values (1)')
})

test('closing releases the lock, and closing twice is no error', async () => {
  using folder = createFolder()
  const first = await openSession(folder.file)
  assert.equal(await first.tryRunLock(), true)
  await first.close()
  await first.close()
  await using second = await openSession(folder.file)
  assert.equal(await second.tryRunLock(), true)
  assert.equal(second.lost, false)
  await second.cancel()
})

test('a database in memory needs no lock and keeps its state for the session', async () => {
  await using session = await openReady(':memory:')
  assert.equal(await session.tryRunLock(), true)
  assert.equal(await session.runLockHolder(), undefined)
  await session.applyInTransaction(await sqlAttempt('0001', 'create table t (a)'))
  assert.equal((await session.readHistory()).rows.length, 1)
  await session.releaseRunLock()
})
