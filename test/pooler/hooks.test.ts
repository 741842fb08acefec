/** Hooks behind a pooler that shares server connections: outside of the transaction that is the run lock. */
import assert from 'node:assert/strict'
import { newestMajor } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'
import { createPooledScene, requireCode, testPooled } from './pooled-scene.ts'

const files = { '0001_a.sql': 'create table a (n int);', '0002_b.sql': 'create table b (n int);' }
const note = 'echo "$SLIPWAY_HOOK $SLIPWAY_MIGRATION $SLIPWAY_OUTCOME" >> hooks.log'
const config = (hooks: object) => ({ 'slipway.config.json': JSON.stringify({ hooks }) })

testPooled('in order, each once, and no lock is left', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'transaction' }, files)
  scene.workspace.write(config({ beforeAll: note, beforeEach: note, afterEach: note, afterAll: note }))
  requireCode(await scene.run(['up']), 0)
  assert.deepEqual(scene.workspace.read('hooks.log').replaceAll(/ +$/gm, '').trimEnd().split('\n'), [
    'beforeAll',
    'beforeEach 0001_a',
    'afterEach 0001_a done',
    'beforeEach 0002_b',
    'afterEach 0002_b done',
    'afterAll  done',
  ])
  assert.equal(await scene.locks(), 0)
})

testPooled('no transaction is open meanwhile; what another runner did is told', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'transaction' }, files)
  scene.workspace.write(
    config({
      beforeEach: `${note}; touch "$SLIPWAY_RUN_ID.here"; while [ ! -e go ]; do sleep 0.05; done`,
      afterEach: note,
    }),
  )
  const running = scene.start(['up'])
  await until('the hook runs', () => scene.workspace.has('hooks.log'))
  const open = await scene.db.query(
    "select 1 from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid() and backend_type = 'client backend'",
  )
  assert.deepEqual([open, await scene.locks()], [[], 0])
  // Another image, without hooks, is faster.
  scene.workspace.write({ 'none.json': '{}' })
  requireCode(await scene.run(['up', '--config', 'none.json']), 0)
  scene.workspace.write({ go: '' })
  const { code, stderr } = await running.done
  assert.equal(code, 0, stderr)
  assert.deepEqual(scene.workspace.read('hooks.log').replaceAll(/ +$/gm, '').trimEnd().split('\n'), [
    'beforeEach 0001_a',
    'afterEach 0001_a elsewhere',
  ])
})

testPooled('one that fails leaves nothing open', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'transaction' }, files)
  scene.workspace.write(config({ afterEach: 'exit 1' }))
  requireCode(await scene.run(['up']), 70)
  assert.deepEqual(await scene.history(), ['0001_a applied'])
  assert.equal(await scene.locks(), 0)
})
