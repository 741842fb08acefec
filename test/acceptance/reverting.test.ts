/** Two directories in the style of real products: all the way up, all the way down, and up again. */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dumpCatalogue } from '../helpers/catalogue.ts'
import { slipway } from '../helpers/cli.ts'
import { postgresMajors, withDatabase } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const fixtures = join(import.meta.dirname, '../fixtures')

for (const major of postgresMajors.filter((major) => major >= 14))
  test(`pairs on PostgreSQL ${major}: down to base leaves nothing, and up makes the same again`, async () => {
    await withDatabase(major, async (db) => {
      using workspace = createWorkspace()
      cpSync(join(fixtures, 'pairs'), workspace.path('migrations'), { recursive: true })
      const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_LOG_FORMAT: 'pretty' }
      const run = async (...args: string[]) => {
        const result = await slipway(args, { cwd: workspace.dir, env, timeoutMs: 120_000 })
        assert.equal(result.code, 0, `${result.stdout}${result.stderr}`)
      }
      const look = () => dumpCatalogue((text) => db.query(text))
      const empty = await look()
      await run('up')
      const whole = await look()
      await run('down', '--to', 'base', '--allow-data-loss')
      assert.deepEqual((await look()).split('\n'), empty.split('\n'))
      await run('up')
      assert.deepEqual((await look()).split('\n'), whole.split('\n'))
    })
  })
