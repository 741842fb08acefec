/** Verbs that know one database work on the one tenant that is named, and on nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dumpedMajor } from '../helpers/postgres.ts'
import { readHistories, tenantScene } from './scene.ts'

const files = {
  '0001_a.sql': '-- migrate:up\ncreate table a (n integer);\n-- migrate:down\ndrop table a;\n',
  '0002_b.sql': '-- migrate:up\ncreate table b (n integer);\n-- migrate:down\ndrop table b;\n',
}
const name = 'Wayne & Co'

test('sql, roundtrip, a rehearsal, stamp and down', () =>
  tenantScene(
    files,
    ['acme', name],
    async ({ db, run }) => {
      const env = { SLIPWAY_TENANTS: name, SLIPWAY_SCRATCH_URL: db.url() }
      assert.equal((await run(['up', '--tenants', `acme,${name}`])).code, 0)
      assert.equal((await run(['down', '--confirm', db.name], env)).code, 0)
      assert.deepEqual(await readHistories(db), { acme: ['0001_a', '0002_b'], [name]: ['0001_a'] })

      const sql = await run(['sql'], env)
      assert.equal(sql.code, 0, sql.stderr)
      assert.match(sql.stdout, /^-- slipway .*: up from 0001_a, 1 migration$/m)
      assert.match(sql.stdout, /^set search_path = "Wayne & Co";$/m)
      assert.match(sql.stdout, /insert into "Wayne & Co"\."schema_migrations"/)
      const whole = await run(['sql', '--from', 'base', '--to', 'head'], env)
      assert.match(whole.stdout, /create table "Wayne & Co"\."schema_migrations"/)
      assert.doesNotMatch(whole.stdout, /public/)
      const trips = await run(['roundtrip'], env)
      assert.equal(trips.code, 0, trips.stderr)
      assert.match(trips.stdout, /0002_b comes back/)
      assert.doesNotMatch(trips.stdout, /0001_a/)
      const rehearsed = await run(['up', '--rehearse'], env)
      assert.equal(rehearsed.code, 0, rehearsed.stderr)
      assert.match(rehearsed.stdout, /0002_b/)
      assert.match(rehearsed.stdout, /schema=Wayne%20%26%20Co/)

      const stamped = await run(['stamp', 'head', '--yes'], env)
      assert.equal(stamped.code, 0, stamped.stderr)
      const planned = await run(['down', '--dry-run', '--to', 'base'], env)
      assert.equal(planned.code, 0, planned.stderr)
      assert.match(planned.stdout, /2 migrations to revert, 2 applied on .*schema=Wayne%20%26%20Co/)
      assert.deepEqual(await readHistories(db), { acme: ['0001_a', '0002_b'], [name]: ['0001_a', '0002_b'] })
    },
    dumpedMajor,
  ))
