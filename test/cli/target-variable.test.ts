/** The driver reads this variable too, and would refuse what it does not know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

test('PGTARGETSESSIONATTRS in the environment', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace({ 'migrations/0001_a.sql': 'create table a (id integer);\n' })
  for (const attributes of ['any', 'read-write', 'primary', 'prefer-standby']) {
    const env = { SLIPWAY_DATABASE_URL: db.url(), PGTARGETSESSIONATTRS: attributes }
    const { code, stderr } = await slipway(['up'], { cwd: workspace.dir, env })
    assert.equal(code, 0, `${attributes}: ${stderr}`)
  }
})
