/** Lock trouble outside a transaction: a script is not run twice once the database has answered one of its queries. */
import assert from 'node:assert/strict'
import { createScene, testEach } from './scene.ts'

const script = (options: string) => `import type { Migration, MigrationOptions } from 'slipway'
export const options: MigrationOptions = ${options}
export const up: Migration = async ({ sql }) => {
  await sql\`insert into effects values ('script')\`
  await sql\`alter table busy add column more integer\`
}
`

testEach('a script that is not resumable fails instead of running again', async (major) => {
  await using scene = await createScene(major)
  scene.write({ '0001_tables.sql': 'create table effects (what text);\ncreate table busy (id integer);' })
  await scene.up(0)
  scene.write({ '0002_script.ts': script('{ transaction: false }') })
  await using reader = await scene.db.connect()
  await reader.unsafe('begin; lock table busy in access share mode')
  const { stderr } = await scene.up(70, { SLIPWAY_DDL_LOCK_TIMEOUT: '100ms' })
  assert.match(stderr, /"sqlstate":"55P03"/)
  assert.doesNotMatch(stderr, /step-retrying/)
  assert.equal((await scene.db.query('select 1 from effects')).length, 1)
  assert.deepEqual((await scene.history()).at(-1), '0002_script started')
  await reader.unsafe('rollback')
  await scene.up(79)
  assert.equal((await scene.db.query('select 1 from effects')).length, 1)
})

testEach('a resumable one is run again until the lock is free', async (major) => {
  await using scene = await createScene(major)
  scene.write({ '0001_tables.sql': 'create table effects (what text);\ncreate table busy (id integer);' })
  await scene.up(0)
  scene.write({ '0002_script.ts': script('{ transaction: false, resumable: true }') })
  await using reader = await scene.db.connect()
  await reader.unsafe('begin; lock table busy in access share mode')
  const run = scene.start(['up'], { SLIPWAY_DDL_LOCK_TIMEOUT: '100ms' })
  await run.waitForOutput(/step-retrying/)
  await reader.unsafe('rollback')
  const { code, stderr } = await run.done
  assert.equal(code, 0, stderr)
  assert.ok((await scene.db.query('select 1 from effects')).length >= 2)
  assert.deepEqual((await scene.history()).at(-1), '0002_script applied')
})
