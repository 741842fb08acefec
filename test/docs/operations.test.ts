/** docs/operations.md: its migrations run on both databases, there and back; its tables name every operation. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { operationNames } from '../../src/dialects/operations.ts'
import { slipway } from '../helpers/cli.ts'
import { dumpCatalogue, dumpSqliteCatalogue } from '../helpers/catalogue.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks, readTable, readWord } from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')

test('every operation is in the table', () => {
  const rows = readTable(page, ['Operation', 'PostgreSQL', 'SQLite'])
  assert.deepEqual(
    rows.map(([name]) => name),
    operationNames.map((name) => `\`${name}\``),
  )
})

/** The examples as migrations: up, down as a third one, up again as a fourth. */
function files(): Record<string, string> {
  const blocks = readBlocks(page).filter((block) => readWord(block, 'file') !== undefined)
  const examples = blocks.map((block) => [`migrations/${readWord(block, 'file')}`, block.text] as const)
  const [create, change] = blocks.map(({ text }) => text)
  assert.ok(create && change && blocks.length === 2)
  const swapped = change
    .replace('const up:', 'const old:')
    .replace('const down:', 'const up:')
    .replace('const old:', 'const down:')
  return {
    ...Object.fromEntries(examples),
    'migrations/0003_back.ts': swapped,
    'migrations/0004_again.ts': change,
  }
}

async function runExamples(url: string, look: () => Promise<string>): Promise<void> {
  using workspace = createWorkspace(files())
  const seen: string[] = []
  for (const to of ['0001', '0002', '0003', '0004']) {
    const run = await slipway(['up', '--to', to], { env: { SLIPWAY_DATABASE_URL: url }, cwd: workspace.dir })
    assert.equal(run.code, 0, run.stderr)
    seen.push(await look())
  }
  assert.notEqual(seen[0], seen[1])
  assert.equal(seen[3], seen[1])
}

test('the examples on PostgreSQL', async () => {
  await using db = await createTestDatabase(newestMajor)
  await runExamples(db.url(), () => dumpCatalogue((text) => db.query(text)))
})

test('the examples on SQLite', async () => {
  using workspace = createWorkspace()
  const file = workspace.path('app.db')
  await runExamples(`sqlite://${file}`, async () => dumpSqliteCatalogue(file))
})
