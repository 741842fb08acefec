/** What one attempt at a TypeScript migration leaves for the next: nothing. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type SlipwayResult, startSlipway } from '../../helpers/cli.ts'
import { newestMajor, type TestDatabase, withDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

const tables = 'create table counter (n integer not null); create table busy (id integer);'

/** The table is held until the run retries, or to its end where it must not. */
async function upWhileBusy(
  db: TestDatabase,
  text: string,
  language: 'ts' | 'sql' = 'ts',
): Promise<SlipwayResult> {
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, { [`0002_alter.${language}`]: text })
  await db.query(tables)
  await using reader = await db.connect()
  await reader.unsafe('begin; lock table busy in access share mode')
  const running = startSlipway(['up'], { env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir } })
  await Promise.race([running.waitForOutput(/step-retrying/).catch(() => {}), running.done])
  await reader.unsafe('rollback')
  return running.done
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
    const { code, stderr } = await upWhileBusy(db, script)
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
    const { code, stderr } = await upWhileBusy(db, script)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /55P03/)
    assert.deepEqual(await count(db), [1])
  }))

it('keeps a late query of a failed attempt out of the next one', () =>
  withDatabase(newestMajor, async (db) => {
    // The first attempt fails at the lock; its other branch sends its query when the second attempt is at work.
    const script = `
let calls = 0
export const up = async ({ sql }) => {
  const call = ++calls
  const later = async () => {
    while (call === 1 && calls === 1) await new Promise((resolve) => setTimeout(resolve, 10))
    await sql\`insert into counter values (\${call})\`
  }
  await Promise.all([sql\`alter table busy add column c integer\`, later()])
}`
    const { code, stderr } = await upWhileBusy(db, script)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /step-retrying/)
    assert.deepEqual(await count(db), [2])
  }))

it('does not call a procedure again that may have committed', () =>
  withDatabase(newestMajor, async (db) => {
    const procedure = `insert into counter values (1); commit; alter table busy add column c integer;`
    await db.query(`create procedure p() language plpgsql as $$ begin ${procedure} end $$`)
    const text = '-- migrate:up transaction:false\ncall p();'
    const { code, stderr } = await upWhileBusy(db, text, 'sql')
    assert.equal(code, 70, stderr)
    assert.deepEqual(await count(db), [1])
  }))
