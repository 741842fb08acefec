/** `dump --baseline` of the products. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { archive, dump, expectSame, places, up } from '../../helpers/dumped.ts'
import { dumpedMajor } from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

const fixtures = join(import.meta.dirname, '../../fixtures')

/**
 * A trigger that was made before its table got a generated column cannot be made after it; no dump of that database can
 * be restored.
 */
const mended = `drop trigger tickets_touch on tickets;
create trigger tickets_touch before update on tickets for each row execute function set_updated_at();
`

for (const [product, more] of Object.entries({ pairs: { '0055_mended.sql': mended }, folders: {} }))
  test(`PostgreSQL ${dumpedMajor}: the schema of test/fixtures/${product}`, async () => {
    using workspace = createWorkspace()
    cpSync(join(fixtures, product), workspace.path('migrations'), { recursive: true })
    writeMigrations(workspace, more)
    const open = Object.values(places)[0]
    assert.ok(open)
    await using whole = await open(workspace)
    await up(workspace, whole)
    await dump(workspace, whole, 'dump', '--baseline')
    archive(workspace)
    await using empty = await open(workspace)
    await expectSame(workspace, whole, empty)
  })
