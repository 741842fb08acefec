/** `down` through a pooler: in its transactions where that can be, refused where it cannot. */
import assert from 'node:assert/strict'
import { errorOf } from '../dialect/postgres/scene.ts'
import { newestMajor } from '../helpers/postgres.ts'
import { createPooledScene, requireCode, testPooled, testPooledEach } from './pooled-scene.ts'

const files = {
  '0001_a.sql': '-- migrate:up\ncreate table a (n int);\n-- migrate:down\ndrop table a;\n',
  '0002_b.ts':
    'export const up = async ({ sql }) => { await sql`create table b (n int)` }\nexport const down = async ({ sql }) => { await sql`drop table b` }\n',
  '0003_c.sql': '-- migrate:up\ncreate table c (n int);\n-- migrate:down\ndrop table c;\n',
}

testPooledEach('in transaction mode each down is a turn of its own', async (major) => {
  await using scene = await createPooledScene(major, { mode: 'transaction' }, files)
  await scene.up(0)
  requireCode(await scene.run(['down', '--steps', '2']), 0)
  assert.deepEqual(await scene.history(), ['0001_a applied'])
  await scene.db.query('insert into a values (1)')
  const refused = await scene.run(['down'])
  requireCode(refused, 79)
  assert.equal(errorOf(refused).code, 'data-loss')
  requireCode(await scene.run(['down', '--from-history', '--allow-data-loss']), 0)
  assert.deepEqual(await scene.history(), [])
  assert.equal(await scene.locks(), 0)
  const log = await scene.db.query("select name from schema_migrations_log where event = 'down' order by id")
  assert.deepEqual(
    log.map(({ name }) => name),
    ['0003_c', '0002_b', '0001_a'],
  )
  await scene.up(0)
})

const outside = {
  ...files,
  '0004_d.sql': '-- migrate:up\nselect 1;\n-- migrate:down transaction:false\nselect 1;\nselect 2;\n',
}

testPooled('in transaction mode a down outside a transaction is refused, with the remedy', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'transaction' }, outside)
  await scene.up(0)
  const refused = await scene.run(['down', '--steps', '2'])
  requireCode(refused, 78)
  assert.equal(errorOf(refused).code, 'pooler-in-the-way')
  assert.match(errorOf(refused).message, /0004_d/)
  assert.equal((await scene.history()).length, 4)
  requireCode(await scene.run(['down', '--steps', '2'], scene.direct), 0)
})

testPooled('in session mode it works', async () => {
  await using scene = await createPooledScene(newestMajor, { mode: 'session' }, outside)
  await scene.up(0)
  requireCode(await scene.run(['down', '--to', 'base']), 0)
  assert.deepEqual(await scene.history(), [])
  assert.equal(await scene.locks(), 0)
})

testPooled('a down that fails in its turn leaves everything, and is written down', async () => {
  await using scene = await createPooledScene(
    newestMajor,
    { mode: 'transaction' },
    {
      ...files,
      '0004_d.sql': '-- migrate:up\nselect 1;\n-- migrate:down\ndrop table a;\nselect * from nowhere;\n',
    },
  )
  await scene.up(0)
  const failed = await scene.run(['down'])
  requireCode(failed, 70)
  assert.equal((await scene.history()).length, 4)
  await scene.db.query('select * from a')
  const log = await scene.db.query('select event, name from schema_migrations_log order by id desc limit 1')
  assert.deepEqual(log, [{ event: 'failure', name: '0004_d' }])
})
