/** Two directories in the style of real products must leave the same catalogue as psql does. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dumpCatalogue, dumpRowCounts } from '../helpers/catalogue.ts'
import { slipway } from '../helpers/cli.ts'
import { applyFiles, chooseOracle } from '../helpers/oracle.ts'
import { postgresMajors, type TestDatabase, withDatabase } from '../helpers/postgres.ts'

const fixtures = join(import.meta.dirname, '../fixtures')

const products = {
  pairs: (dir: string) => readdirSync(dir).filter((name) => name.endsWith('.up.sql')),
  folders: (dir: string) =>
    readdirSync(dir).map((name) =>
      existsSync(join(dir, name, 'up.sql')) ? join(name, 'up.sql') : join(name, 'migration.sql'),
    ),
} as const

const describeDatabase = async (db: TestDatabase) =>
  `${await dumpCatalogue((text) => db.query(text))}== rows\n${await dumpRowCounts((text) => db.query(text))}`

// The fixtures use what PostgreSQL 14 brought: begin atomic, multiranges, cycle, detach concurrently.
for (const major of postgresMajors.filter((major) => major >= 14))
  for (const [product, list] of Object.entries(products))
    test(`${product} on PostgreSQL ${major}: slipway up makes what psql makes`, async (t) => {
      const dir = join(fixtures, product)
      const files = list(dir).sort()
      assert.ok(files.length >= 50, `${files.length} migrations`)
      const oracle = chooseOracle()
      t.diagnostic(`compared with ${oracle}`)

      const wanted = await withDatabase(major, async (db) => {
        await applyFiles(
          db,
          files.map((file) => join(dir, file)),
          oracle,
        )
        return describeDatabase(db)
      })

      await withDatabase(major, async (db) => {
        const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: dir }
        const first = await slipway(['up'], { env, timeoutMs: 120_000 })
        assert.equal(first.code, 0, first.stderr)
        const found = await describeDatabase(db)
        assert.deepEqual(found.split('\n'), wanted.split('\n'))
        const [row] = await db.query<{ n: number }>(
          `select count(*)::int as n from schema_migrations where state = 'applied'`,
        )
        assert.equal(row?.n, files.length)

        const again = await slipway(['up'], { env })
        assert.equal(again.code, 0, again.stderr)
        assert.equal(await describeDatabase(db), found)
        const status = await slipway(['status', '--exit-code'], { env })
        assert.equal(status.code, 0, status.stdout + status.stderr)
      })
    })
