/** docs/tenants.md: its commands are run, in their order, and what it shows of the output is what is printed. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'
import { type Block, readBlocks } from './markdown.ts'

const blocks = readBlocks(readFileSync(join(import.meta.dirname, '../../docs/tenants.md'), 'utf8'))
const of = (language: string) => blocks.filter((block) => block.language === language)

/** The words of the last line, as a shell would hand them over. */
function wordsOf({ text }: Block): string[] {
  const line = text.trim().split('\n').at(-1) ?? ''
  const words = execFileSync('sh', ['-c', `set -- ${line}; printf '%s\\0' "$@"`], { encoding: 'utf8' })
  const [program, ...args] = words.split('\0').slice(0, -1)
  assert.equal(program, 'slipway')
  return args
}

/** Without the times, which are another machine's. */
const plain = (text: string) => text.replace(/ {2}[\d.]+ m?s$/gm, '').replace(/ after [\d.]+ m?s/g, '')

function shows(printed: string, { text }: Block): void {
  const lines = new Set(plain(printed).split('\n'))
  for (const line of text.trimEnd().split('\n'))
    assert.ok(lines.has(line), `no line ${line} in\n${plain(printed)}`)
}

test('schemas: a first run, and one in which a tenant fails', async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = createWorkspace()
  writeMigrations(workspace, {
    '0001_orders.sql': 'create table orders (id integer);',
    '0002_open.sql': 'alter table orders add column is_open boolean;',
  })
  const [sql] = of('sql')
  for (const statement of (sql?.text ?? '').split(';\n'))
    if (statement.trim() !== '') await db.query(statement)
  const [first, second] = of('sh').map(wordsOf)
  const [good, bad] = of('text')
  assert.ok(first && second && good && bad)
  const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_LOG_FORMAT: 'pretty' }
  const all = await slipway(first, { cwd: workspace.dir, env })
  assert.equal(all.code, 0, all.stderr)
  shows(all.stderr, good)
  await db.query('alter table globex.orders add column total numeric')
  writeMigrations(workspace, { '0003_total.sql': 'alter table orders add column total numeric;' })
  const one = await slipway(second, { cwd: workspace.dir, env })
  assert.equal(one.code, 70, one.stderr)
  shows(one.stderr, bad)
})

test('databases by URL', async () => {
  using workspace = createWorkspace()
  writeMigrations(workspace, { '0001_orders.sql': 'create table orders (id integer);' })
  const block = of('sh').find(({ words }) => words.includes('databases'))
  assert.ok(block)
  const [, file = ''] = /^cat > tenants\.txt <<'END'\n([\s\S]*?)END$/m.exec(block.text) ?? []
  workspace.write({ 'tenants.txt': file })
  const { code, stderr } = await slipway(wordsOf(block), { cwd: workspace.dir })
  assert.equal(code, 0, stderr)
  for (const name of ['acme.db', 'globex.db'])
    assert.equal(readSqlite(workspace.path(name), 'select name from schema_migrations').length, 1)
})
