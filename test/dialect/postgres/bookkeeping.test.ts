/** The bookkeeping around statements neither changes what they do nor comes apart from it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { faultOptions } from '../../helpers/fault-point.ts'
import { newestMajor, postgresMajors, withDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

it('fires deferred triggers in the search_path of the migration', () =>
  withDatabase(newestMajor, async (db) => {
    using workspace = createWorkspace()
    const dir = writeMigrations(workspace, {
      '0001_deferred.sql': `create table t (id integer);
create table audit (n integer);
create function note() returns trigger language plpgsql as $$ begin insert into audit values (1); return null; end $$;
create constraint trigger later after insert on t deferrable initially deferred for each row execute function note();
insert into t values (1);`,
    })
    const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir }
    const { code, stderr } = await slipway(['up'], { env })
    assert.equal(code, 0, stderr)
    assert.equal((await db.query('select 1 from audit')).length, 1)
  }))

it('runs a do block and its bookkeeping in one transaction', () =>
  withDatabase(newestMajor, async (db) => {
    using workspace = createWorkspace()
    const dir = writeMigrations(workspace, {
      '0001_do.sql': `-- migrate:up transaction:false
create table t (a integer);
do $$ begin insert into t values (1); end $$;
select 1;`,
    })
    const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir }
    // The block has been sent; it has time to end on the server before the runner dies.
    const fault = faultOptions({ fault: 'statement-sent:2:pause:500,statement-sent:2:kill' })
    const killed = await slipway(['up'], { nodeOptions: fault.nodeOptions, env: { ...env, ...fault.env } })
    assert.equal(killed.signal, 'SIGKILL')
    const again = await slipway(['up'], { env })
    assert.equal(again.code, 0, again.stderr)
    assert.equal((await db.query('select 1 from t')).length, 1)
  }))

for (const major of postgresMajors)
  it(`sends again outside a transaction what only the catalogue of ${major} knows to belong there`, () =>
    withDatabase(major, async (db) => {
      using workspace = createWorkspace()
      const dir = writeMigrations(workspace, {
        '0001_reindex.sql': `-- migrate:up transaction:false
create table p (a integer) partition by range (a);
create table p1 partition of p for values from (1) to (5);
create index on p (a);
reindex table p;`,
      })
      const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir }
      const { code, stderr } = await slipway(['up'], { env })
      assert.equal(code, 0, stderr)
    }))
