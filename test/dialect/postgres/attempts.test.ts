/** What one attempt at a TypeScript migration leaves for the next: nothing. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type SlipwayResult, slipway } from '../../helpers/cli.ts'
import { newestMajor, type TestDatabase, withDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

const tables = 'create table counter (n integer not null); create table busy (id integer);'

async function upWhileBusy(
  db: TestDatabase,
  text: string,
  busyMs: number,
  language: 'ts' | 'sql' = 'ts',
): Promise<SlipwayResult> {
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, { [`0002_alter.${language}`]: text })
  await db.query(tables)
  await using reader = await db.connect()
  await reader.unsafe('begin; lock table busy in access share mode')
  const release = new Promise((resolve) => setTimeout(resolve, busyMs)).then(() => reader.unsafe('rollback'))
  const result = await slipway(['up'], { env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir } })
  await release
  return result
}

const count = async (db: TestDatabase) =>
  (await db.query<{ n: number }>('select n from counter order by 1')).map(({ n }) => n)

it('does not run a script again outside a transaction once it has done work', () =>
  withDatabase(newestMajor, async (db) => {
    const script = `
export const options = { transaction: false }
export const up = async ({ sql }) => {
  await sql\`insert into counter values (1)\`
  await sql\`alter table busy add column c integer\`
}`
    const { code, stderr } = await upWhileBusy(db, script, 3000)
    assert.equal(code, 70, stderr)
    assert.match(stderr, /55P03/)
    assert.deepEqual(await count(db), [1])
  }))

it('tries a script again outside a transaction that has done nothing yet, or is resumable', () =>
  withDatabase(newestMajor, async (db) => {
    const script = `
export const options = { transaction: false }
export const up = async ({ sql }) => {
  await sql\`alter table busy add column c integer\`
  await sql\`insert into counter values (1)\`
}`
    const { code, stderr } = await upWhileBusy(db, script, 2000)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /55P03/)
    assert.deepEqual(await count(db), [1])
  }))

it('keeps a late query of a failed attempt out of the next one', () =>
  withDatabase(newestMajor, async (db) => {
    // The first attempt fails after 0.5 s; its other branch sends at 1.8 s, when the second attempt is at work.
    const script = `
let calls = 0
export const up = async ({ sql }) => {
  const call = ++calls
  const later = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1800))
    await sql\`insert into counter values (\${call})\`
  }
  await Promise.all([sql\`alter table busy add column c integer\`, later()])
}`
    const { code, stderr } = await upWhileBusy(db, script, 1700)
    assert.equal(code, 0, stderr)
    const attempts = 1 + [...stderr.matchAll(/step-retrying/g)].length
    assert.ok(attempts > 1, stderr)
    assert.deepEqual(await count(db), [attempts])
  }))

it('does not call a procedure again that may have committed', () =>
  withDatabase(newestMajor, async (db) => {
    const procedure = `insert into counter values (1); commit; alter table busy add column c integer;`
    await db.query(`create procedure p() language plpgsql as $$ begin ${procedure} end $$`)
    const text = '-- migrate:up transaction:false\ncall p();'
    const { code, stderr } = await upWhileBusy(db, text, 3000, 'sql')
    assert.equal(code, 70, stderr)
    assert.deepEqual(await count(db), [1])
  }))
