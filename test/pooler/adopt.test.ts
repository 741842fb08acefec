/** `adopt` through a pooler: the run lock and the change of another tool's table belong to one session. */
import assert from 'node:assert/strict'
import { errorOf } from '../dialect/postgres/scene.ts'
import { foreignHistories } from '../helpers/foreign-histories.ts'
import { newestMajor } from '../helpers/postgres.ts'
import { createPooledScene, testPooled } from './pooled-scene.ts'

const dbmate = foreignHistories.find(({ tool }) => tool === 'dbmate')
const prepare = (mode: 'session' | 'transaction') => createPooledScene(newestMajor, { mode }, dbmate?.files)

testPooled('in session mode it works', async () => {
  await using scene = await prepare('session')
  await scene.db.query(dbmate?.sql.postgres ?? '')
  const result = await scene.run(['adopt', '--yes'])
  assert.equal(result.code, 0, result.stderr)
  assert.equal((await scene.history()).length, 3)
  assert.equal(await scene.locks(), 0)
})

testPooled('in transaction mode it is refused, and nothing is changed', async () => {
  await using scene = await prepare('transaction')
  await scene.db.query(dbmate?.sql.postgres ?? '')
  const seen = await scene.run(['adopt', '--dry-run'])
  assert.equal(seen.code, 0, seen.stderr)
  const result = await scene.run(['adopt', '--yes'])
  assert.equal(result.code, 78, result.stderr)
  assert.equal(errorOf(result).code, 'pooler-in-the-way')
  const rows = await scene.db.query('select version from schema_migrations')
  assert.equal(rows.length, 3)
})
