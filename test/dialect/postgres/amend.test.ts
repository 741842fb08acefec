/** Changes of history wait for the run lock, and are decided again under it. */
import assert from 'node:assert/strict'
import { withRole } from './role.ts'
import { createScene, errorOf, eventsOf, type Scene, testEach } from './scene.ts'

const files = {
  '0001_a.sql': 'create table a (id integer);\n',
  '0002_b.sql': 'create table b (id integer);\n',
  '0003_c.sql': 'create table c (id integer);\n',
}

const half = '-- migrate:up transaction:false\nselect 1;\nselect 1 / 0;\n'

/** Holds the run lock while `work` runs, after `args` have begun to wait for it. */
async function whileWaiting(scene: Scene, args: readonly string[], work: () => Promise<unknown>) {
  await using holder = await scene.db.connect()
  await holder.unsafe(`select pg_advisory_lock(1936484720, ${3293950087 | 0})`)
  const running = scene.start(args)
  await running.waitForOutput(/waiting-for-lock/)
  await work()
  return running
}

testEach('stamp waits for the run lock', async (major) => {
  await using scene = await createScene(major, files)
  const running = await whileWaiting(scene, ['stamp', 'head', '--yes'], async () => {
    assert.deepEqual(await scene.history(), [])
  })
  const result = await running.done
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(await scene.history(), ['0001_a applied', '0002_b applied', '0003_c applied'])
  assert.deepEqual(
    eventsOf(result, 'history-amended').map(({ migration, action }) => [migration, action]),
    [
      ['0001_a', 'stamp'],
      ['0002_b', 'stamp'],
      ['0003_c', 'stamp'],
    ],
  )
})

testEach('what was confirmed is no longer what there is to do: nothing is written', async (major) => {
  await using scene = await createScene(major, files)
  await scene.up(0)
  await scene.db.query("delete from schema_migrations where name <> '0001_a'")
  const running = await whileWaiting(scene, ['stamp', 'head', '--yes'], () =>
    scene.db.query(
      "insert into schema_migrations (name, checksum, applied_by, runner_version, run_id, state, source) select '0002_b', checksum, '', '', '', 'applied', '' from schema_migrations_log where name = '0002_b'",
    ),
  )
  const result = await running.done
  assert.deepEqual([result.code, errorOf(result).code], [75, 'transient'], result.stderr)
  assert.match(errorOf(result).message, /history changed between the look and the lock/)
  assert.equal(errorOf(result).hint, 'look again: slipway status')
  assert.deepEqual(await scene.history(), ['0001_a applied', '0002_b applied'])
})

testEach('a role that may write but not remove is told the GRANT', async (major) => {
  await using scene = await createScene(major, { ...files, '0004_half.sql': half })
  const { db } = scene
  await withRole(db, async (role) => {
    await scene.up(70)
    const env = { SLIPWAY_DATABASE_URL: db.url(role) }
    await db.query(`grant select, insert, update on schema_migrations, schema_migrations_log to ${role.user}`)
    const denied = await scene.run(['repair', '--retry', '4', '--yes'], env)
    assert.deepEqual([denied.code, errorOf(denied).code], [77, 'privilege-missing'], denied.stderr)
    await db.query(errorOf(denied).hint ?? '')
    const repaired = await scene.run(['repair', '--retry', '4', '--yes'], env)
    assert.equal(repaired.code, 0, repaired.stderr)
  })
})
