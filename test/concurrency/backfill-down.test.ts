/** A backfill on the way down: killed and gone on with like one on the way up, and neither takes the other's progress for its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOptions } from '../helpers/fault-point.ts'
import { slipway } from '../helpers/cli.ts'
import { openPlace, type Place } from '../helpers/place.ts'

const count = 1000
const numbers = {
  postgres: `select i from generate_series(1, ${count}) as i`,
  sqlite: `with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${count}) select i from numbers`,
}
/** The same text both ways: only the direction tells them apart. */
const work = `await backfill({ table: 'users', set: 'n = n + 1', batch: { first: 100, max: 100 }, pause: '0' })`
const fill = `export const options = { transaction: false, resumable: true }
export const up = async ({ backfill }) => { ${work} }
export const down = async ({ backfill }) => { ${work} }
`
const down = 'down --allow-data-loss'

async function killed(place: Place, line: string, fault: string): Promise<void> {
  const { nodeOptions, env } = faultOptions({ fault })
  const result = await slipway(line.split(' '), {
    cwd: place.workspace.dir,
    env: { ...place.env, ...env },
    nodeOptions,
  })
  assert.equal(result.signal, 'SIGKILL', `${fault}: ${result.code}\n${result.stderr}`)
}

async function numbersOf(place: Place): Promise<string> {
  const rows = await place.rows('select n, count(*) as c from users group by n order by n')
  return rows.map(({ n, c }) => `${c}×${n}`).join(' ')
}

async function stateOf(place: Place): Promise<string> {
  const [row] = await place.rows(
    "select state, statements_done from schema_migrations where name = '0002_fill'",
  )
  return row === undefined ? 'none' : `${row.state} ${row.statements_done}`
}

for (const kind of ['postgres', 'sqlite'] as const)
  test(`killed on the way down, gone on with, and up again: ${kind}`, async () => {
    await using place = await openPlace(kind, {
      '0001_users.sql': `create table users (id integer primary key, n integer not null default 0);
insert into users (id) ${numbers[kind]};`,
      '0002_fill.ts': fill,
    })
    await place.expect(0, 'up')
    assert.equal(await numbersOf(place), '1000×1')

    await killed(place, down, 'statement-done:3')
    assert.equal(await numbersOf(place), '700×1 300×2')
    assert.equal(await stateOf(place), 'started -4', 'three batches of a down')
    const refused = await place.expect(79, 'up')
    assert.match(refused.stderr, /0002_fill .*being reverted/)
    await killed(place, down, 'last-statement-done:3')
    assert.equal(await numbersOf(place), '500×1 500×2')
    const stopped = await place.expect(3, down, { SLIPWAY_MAX_DURATION: '1ms' })
    assert.match(stopped.stderr, /^next: go on: slipway down$/m)
    assert.equal(await numbersOf(place), '400×1 600×2')

    // Applied as before, says whoever undid the six batches; here nobody did, which shows where the next down begins.
    const { stdout } = await place.expect(0, `${down} --dry-run`)
    assert.match(stdout, /0002_fill {2}goes on after 1 batch,/, 'since it was begun again')
    await place.expect(0, 'repair --retry 0002_fill --yes')
    const [line] = await place.rows("select error from schema_migrations_log where event = 'repair'")
    assert.equal(line?.error, 'declared applied, its down not begun, 1 batch counted as done')
    assert.equal(await stateOf(place), 'applied 0')
    await killed(place, down, 'intent-written')
    await place.expect(0, down)
    assert.equal(await numbersOf(place), '400×2 600×3')
    assert.equal(await stateOf(place), 'none')

    await killed(place, 'up', 'statement-done:4')
    assert.equal(await stateOf(place), 'started 4')
    await place.expect(0, 'up')
    assert.equal(await numbersOf(place), '400×3 600×4')
    assert.deepEqual(await place.history(), ['0001_users applied', '0002_fill applied'])
  })
