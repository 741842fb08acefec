/** The connection ends around COMMIT: history says what became of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertFailure, effectsTable, waitingScript, withStage } from '../../helpers/interrupted-run.ts'
import { newestMajor, startPostgres } from '../../helpers/postgres.ts'
import { until } from '../../helpers/until.ts'

const migrations = {
  '0001_effects.sql': effectsTable,
  '0002_middle.sql': "insert into effects values ('middle');",
  '0003_last.sql': "insert into effects values ('last');",
}
const stepwise = {
  '0001_effects.sql': effectsTable,
  '0002_steps.sql':
    "-- migrate:up transaction:false\ninsert into effects values ('first');\ninsert into effects values ('second');",
}

describe('COMMIT is executed and its answer lost', { concurrency: 4 }, () => {
  it('the last migration: done, with a warning', () =>
    withStage(migrations, async (stage) => {
      const cut = stage.proxy.cutAfterCommit({ having: /'0003_last'/ })
      const result = await stage.start().done
      await cut
      assert.equal(result.code, 0, result.stderr)
      assert.match(
        result.stderr,
        /the connection ended before COMMIT was answered; history says it is applied/,
      )
      assert.deepEqual(await stage.effects(), ['last', 'middle'])
      assert.deepEqual(await stage.recover(), ['last', 'middle'])
    }))

  it('one in the middle: 75, and the rest is done next time', () =>
    withStage(migrations, async (stage) => {
      const cut = stage.proxy.cutAfterCommit({ having: /'0002_middle'/ })
      const result = await stage.start().done
      await cut
      assertFailure(
        result,
        75,
        /the connection was lost while 0002_middle was being committed; it was committed/,
      )
      assert.deepEqual(await stage.history(), ['0001_effects applied', '0002_middle applied'])
      assert.deepEqual(await stage.recover(), ['last', 'middle'])
    }))

  it('and nobody can be asked: 75 without a claim', () =>
    withStage({ '0001_effects.sql': effectsTable, '0002_waits.ts': waitingScript }, async (stage) => {
      const run = stage.start({ env: { SLIPWAY_WAIT_TIMEOUT: '2s' } })
      await stage.waiting()
      const cut = stage.proxy.cutAfterCommit({ having: /'0002_waits'/ })
      stage.proxy.closeOnAccept()
      stage.go()
      await cut
      assertFailure(
        await run.done,
        75,
        /while 0002_waits was being committed; whether it was committed could/,
      )
      assert.deepEqual(await stage.recover(), ['after', 'before'])
    }))

  it('the progress of a step: 75, and it is not done twice', () =>
    withStage(stepwise, async (stage) => {
      const cut = stage.proxy.cutAfterCommit({ having: /statements_done = 1/ })
      const result = await stage.start().done
      await cut
      assertFailure(result, 75, /the connection was lost while 0002_steps ran/)
      assert.deepEqual(await stage.recover(), ['first', 'second'])
    }))

  it('the end of the last migration outside a transaction: done, with a warning', () =>
    withStage(stepwise, async (stage) => {
      const cut = stage.proxy.cutAfterCommit({ having: /state = 'applied',[\s\S]*'0002_steps'/ })
      const result = await stage.start().done
      await cut
      assert.equal(result.code, 0, result.stderr)
      assert.match(result.stderr, /history says it is applied/)
      assert.deepEqual(await stage.recover(), ['first', 'second'])
    }))
})

describe('COMMIT is not executed', { concurrency: 4 }, () => {
  it('because it did not arrive', () =>
    withStage(migrations, async (stage) => {
      const cut = stage.proxy.cutBefore(/^commit/)
      const result = await stage.start().done
      await cut
      assertFailure(result, 75, /while 0001_effects was being committed; it was not committed/)
      assert.deepEqual(await stage.history(), [])
      assert.deepEqual(await stage.recover(), ['last', 'middle'])
    }))

  it('because a deferred constraint is violated: 70, at the migration that violates it', () =>
    withStage(
      {
        '0001_effects.sql': `${effectsTable}
alter table effects add constraint once unique (name) deferrable initially deferred;`,
        '0002_twice.sql': "insert into effects values ('one'), ('one');",
      },
      async (stage) => {
        const result = await stage.start().done
        assertFailure(result, 70, /0002_twice failed: duplicate key value violates unique constraint "once"/)
        assert.deepEqual(await stage.history(), ['0001_effects applied'])
      },
    ))
})

it('a deferred trigger finds what the search_path of the migration names', () =>
  withStage(
    {
      '0001_effects.sql': `${effectsTable}
create schema other;
create table other.copies (name text not null);
create function copy() returns trigger language plpgsql
as $$ begin insert into copies values (new.name); return null; end $$;
create constraint trigger copy after insert on effects deferrable initially deferred
for each row execute function copy();`,
      '0002_last.sql': "set search_path = other, public;\ninsert into effects values ('last');",
    },
    async (stage) => {
      assert.equal((await stage.start().done).code, 0)
      assert.deepEqual(await stage.db.query('select name from other.copies'), [{ name: 'last' }])
    },
  ))

it('a commit that waits for a standby when its session is ended is found in history', async () => {
  await using server = await startPostgres({ major: newestMajor })
  const waitForStandby = async (names: string) => {
    await server.query('postgres', `alter system set synchronous_standby_names = '${names}'`)
    await server.query('postgres', 'select pg_reload_conf()')
    await until('the setting holds', async () => {
      const [row] = await server.query<{ names: string }>(
        'postgres',
        "select current_setting('synchronous_standby_names') as names",
      )
      return row?.names === names
    })
  }
  await withStage(
    { '0001_effects.sql': effectsTable, '0002_waits.ts': waitingScript },
    async (stage) => {
      const run = stage.start({ direct: true })
      await stage.waiting()
      try {
        await waitForStandby('nobody')
        stage.go()
        await stage.executing('commit')
        await stage.evict()
        await run.done
      } finally {
        await waitForStandby('')
      }
      const result = await run.done
      assert.equal(result.code, 0, result.stderr)
      assert.match(result.stderr, /history says it is applied/)
      assert.deepEqual(await stage.recover(), ['after', 'before'])
    },
    server,
  )
})
