/** The next migration is on its way while the commit of this one is: it must not be seen, nor be in the way. */
import assert from 'node:assert/strict'
import { faultOptions } from '../../helpers/fault-point.ts'
import { startSlipway } from '../../helpers/cli.ts'
import { until } from '../../helpers/until.ts'
import { createScene, eventsOf, type Scene, testEach } from './scene.ts'

const effects = 'create table effects (name text not null);'

/** `up` that does something at a checkpoint; see test/helpers/fault-point.ts. */
function startWith(scene: Scene, fault: string) {
  const { nodeOptions, env } = faultOptions({ fault })
  return startSlipway(['up'], {
    cwd: scene.workspace.dir,
    nodeOptions,
    env: {
      SLIPWAY_DATABASE_URL: scene.db.url(),
      SLIPWAY_DIR: `${scene.workspace.dir}/migrations`,
      SLIPWAY_LOG_FORMAT: 'json',
      // Longer than the test may take: a stop that does nothing shows.
      SLIPWAY_SHUTDOWN_TIMEOUT: '10m',
      ...env,
    },
  })
}

testEach('a stop while a migration is committed ends the next one, which runs already', async (major) => {
  await using scene = await createScene(major, {
    '0001_effects.sql': effects,
    '0002_slow.sql': "insert into effects values ('slow');\nselect pg_sleep(600);",
  })
  const result = await startWith(scene, 'history-row-written:1:term').done
  assert.equal(result.code, 143, result.stderr)
  assert.deepEqual(await scene.history(), ['0001_effects applied'])
  assert.deepEqual(await scene.db.query('select * from effects'), [])
  assert.deepEqual(
    eventsOf(result, 'step-started').map(({ migration }) => migration),
    ['0001_effects'],
  )
})

testEach('a commit that fails takes the next one back, and both are done in the end', async (major) => {
  await using scene = await createScene(major, {
    '0001_effects.sql': `${effects}\ncreate table readings (name text not null);`,
    '0002_skewed.sql': "insert into effects select 'read ' || count(*) from readings;",
    '0003_next.sql': "insert into effects values ('next');",
  })
  await scene.db.query(`alter database "${scene.db.name}" set default_transaction_isolation = 'serializable'`)
  await using other = await scene.db.connect()
  const running = startWith(scene, 'history-row-written:2:pause:5000')
  await until('0002 is about to be committed', async () => {
    const rows = await scene.db.query(
      `select from pg_stat_activity where datname = current_database() and application_name like 'slipway/%'
       and state = 'idle in transaction'`,
    )
    return rows.length > 0 && (await scene.history()).length === 1
  })
  await other.unsafe(`begin isolation level serializable;
    insert into readings select 'read ' || count(*) from effects;
    commit`)
  const result = await running.done
  assert.equal(result.code, 0, result.stderr)
  const [retry] = eventsOf(result, 'step-retrying')
  assert.equal(retry?.sqlstate, '40001', result.stderr)
  assert.deepEqual(await scene.history(), [
    '0001_effects applied',
    '0002_skewed applied',
    '0003_next applied',
  ])
  assert.deepEqual(await scene.db.query('select name from effects'), [{ name: 'read 1' }, { name: 'next' }])
})

testEach('what the server says in passing belongs to the migration that caused it', async (major) => {
  const says = (word: string) => `do $$ begin raise notice '%', '${word}'; end $$;`
  await using scene = await createScene(major, {
    '0001_first.sql': says('one'),
    '0002_second.sql': `${says('two')}\n${says('three')}`,
    '0003_third.ts': `export const up = async ({ sql }) => { await sql.raw(\`${says('four')}\`) }\n`,
    '0004_fourth.sql': says('five'),
  })
  const told = eventsOf(await scene.up(0))
    .filter(({ event }) => event === 'step-started' || event === 'notice' || event === 'step-finished')
    .map(({ event, migration, msg }) => (event === 'notice' ? `notice ${msg}` : `${event} ${migration}`))
  assert.deepEqual(told, [
    'step-started 0001_first',
    'notice 0001_first: one',
    'step-finished 0001_first',
    'step-started 0002_second',
    'notice 0002_second: two',
    'notice 0002_second: three',
    'step-finished 0002_second',
    'step-started 0003_third',
    'notice 0003_third: four',
    'step-finished 0003_third',
    'step-started 0004_fourth',
    'notice 0004_fourth: five',
    'step-finished 0004_fourth',
  ])
})

testEach('what the server says of a migration that is taken back is told to nobody', async (major) => {
  await using scene = await createScene(major, {
    '0001_effects.sql': effects,
    '0002_slow.sql': `do $$ begin perform pg_sleep(600);
exception when query_canceled then raise notice 'ended'; raise; end $$;`,
  })
  const result = await startWith(scene, 'history-row-written:1:term').done
  assert.equal(result.code, 143, result.stderr)
  assert.deepEqual(await scene.history(), ['0001_effects applied'])
  assert.deepEqual(eventsOf(result, 'notice'), [])
})
