/** slipway keeps prepared statements in its session; migrations have their own, and may throw all of them away. */
import assert from 'node:assert/strict'
import { createScene, eventsOf, script, testEach } from './scene.ts'

const forgetting: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'in the text': { '0002_forget.sql': "insert into effects values ('forget');\ndeallocate all;" },
  'in a function': {
    '0002_forget.sql': "insert into effects values ('forget');\nselect forget();",
  },
  'in a script': {
    '0002_forget.ts': script("await sql`insert into effects values ('forget')`\nawait sql`select forget()`"),
  },
  'outside a transaction': {
    '0002_forget.sql':
      "-- migrate:up transaction:false\ninsert into effects values ('forget');\ndiscard plans;\nselect forget();",
  },
}

for (const [how, files] of Object.entries(forgetting)) {
  testEach(`a migration deallocates every prepared statement ${how}`, async (major) => {
    await using scene = await createScene(major, {
      '0001_effects.sql': `create table effects (name text not null);
create function forget() returns void language plpgsql as $$ begin execute 'deallocate all'; end $$;`,
      ...files,
      '0003_after.sql': "insert into effects values ('after');",
      '0004_last.sql': "insert into effects values ('last');",
    })
    const result = await scene.up(0, { SLIPWAY_LOG_LEVEL: 'debug' })
    const told = eventsOf(result, 'statement-finished').map(({ migration, index }) => `${migration} ${index}`)
    assert.ok(told.includes('0003_after 1'))
    assert.deepEqual(told, [...new Set(told)])
    assert.deepEqual(
      await scene.history(),
      ['0001_effects', '0002_forget', '0003_after', '0004_last'].map((name) => `${name} applied`),
    )
    assert.deepEqual(
      (await scene.db.query('select name from effects')).map(({ name }) => name),
      ['forget', 'after', 'last'],
    )
    const log = await scene.db.query('select name, event, duration_ms from schema_migrations_log order by id')
    const rows = await scene.db.query('select name, duration_ms from schema_migrations order by id')
    assert.deepEqual(
      log.filter(({ event }) => event === 'up').map(({ name, duration_ms }) => ({ name, duration_ms })),
      rows,
    )
  })
}

testEach(
  'a migration that fails for want of its own prepared statement fails once, by its name',
  async (major) => {
    await using scene = await createScene(major, { '0001_wants.sql': 'select 1;\nexecute nothing_prepared;' })
    const result = await scene.up(70)
    assert.match(result.stderr, /prepared statement \\"nothing_prepared\\" does not exist/)
    assert.equal(eventsOf(result, 'step-started').length, 1)
    assert.deepEqual(await scene.history(), [])
  },
)

testEach('a statement that a function prepared is not there for the next migration', async (major) => {
  await using scene = await createScene(major, {
    '0001_leave.sql': `create function leave() returns void language plpgsql as $$
begin execute 'prepare kept as select 1'; end $$;`,
    '0002_calls.sql': 'select leave();',
    '0003_own.sql': 'prepare kept as select 2;\nexecute kept;',
    '0004_again.sql': 'prepare kept as select 3;\nexecute kept;',
  })
  await scene.up(0)
})
