/** A migration that ends the process, or lets it run dry, is a failure and never a success. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

const up = (body: string) =>
  `export const up = async ({ sql }) => {\n  await sql\`create table b (id integer)\`\n  ${body}\n}\n`

const ends: Readonly<Record<string, readonly [script: string, says: RegExp]>> = {
  'process.exit(0) in up': [up('process.exit(0)'), /process\.exit\(0\) was called/],
  'process.exit(3) in up': [up('process.exit(3)'), /process\.exit\(3\) was called/],
  'process.exit(0) at the top': [`process.exit(0)\n${up('')}`, /process\.exit\(0\) was called/],
  'waiting for nothing in up': [up('await new Promise(() => {})'), /awaited that can never come/],
  'waiting for nothing at the top': [`await new Promise(() => {})\n${up('')}`, /awaited that can never come/],
}

for (const [what, [script, says]] of Object.entries(ends))
  test(what, async () => {
    using workspace = createWorkspace()
    const file = workspace.path('app.db')
    const dir = writeMigrations(workspace, { '0001_a.sql': 'create table a (id integer);' })
    const env = { SLIPWAY_DATABASE_URL: `sqlite://${file}`, SLIPWAY_DIR: dir }
    assert.equal((await slipway(['up'], { env })).code, 0)
    writeMigrations(workspace, { '0002_b.ts': script })
    for (const args of [['up'], ['exec', '--', 'echo', 'the app started']]) {
      const { code, stdout, stderr } = await slipway(args, { env })
      assert.equal(code, 70, stderr)
      assert.match(stderr, says)
      assert.equal(stdout, '')
    }
    assert.deepEqual(
      readSqlite(
        file,
        'select name from schema_migrations union select name from sqlite_schema where name = char(98)',
      ),
      [{ name: '0001_a' }],
    )
    writeMigrations(workspace, { '0002_b.ts': up('') })
    assert.equal((await slipway(['up'], { env })).code, 0)
  })
