import assert from 'node:assert/strict'
import { it } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { newestMajor, withDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

it('says what is wrong with copy from stdin, and goes on after it', () =>
  withDatabase(newestMajor, async (db) => {
    using workspace = createWorkspace()
    const script = (body: string) => `export const up = async ({ sql }) => { ${body} }`
    const dir = writeMigrations(workspace, {
      '0001_caught.ts': script(`
        await sql\`create table t (a integer)\`
        await sql.raw('copy (select generate_series(1, 100000)) to stdout').catch(() => {})
        await sql\`insert into t values (1)\``),
      '0002_thrown.ts': script("await sql.raw('copy t from stdin')"),
    })
    const { code, stderr } = await slipway(['up'], {
      env: { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir },
    })
    assert.equal(code, 70, stderr)
    assert.match(stderr, /no data to copy from stdin/)
    assert.deepEqual(await db.query('select name, state from schema_migrations'), [
      { name: '0001_caught', state: 'applied' },
    ])
  }))
