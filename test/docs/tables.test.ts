/** Tables that repeat what the code says: the two must not part. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitCodeRows } from '../../scripts/exit-code-rows.ts'
import { settingNames, settingOf } from '../../src/config/settings.ts'
import { verbNames } from '../../src/config/verbs.ts'
import { checkpoints } from '../../src/events.ts'
import { parseMigrationName } from '../../src/plan/name.ts'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks, readCode, readTable } from './markdown.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const formats = readFileSync(join(root, 'docs/formats.md'), 'utf8')
const env = (db: TestDatabase) => ({ SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: join(root, 'migrations') })

/** No verb of this version ends with them. */
const unused = ['80']

test('exit codes in README.md', () => {
  const rows = Object.entries(exitCodeRows).filter(([code]) => !unused.includes(code))
  assert.deepEqual(
    readTable(readme, ['Code', 'Meaning', 'Job']),
    rows.map(([code, { meaning, job }]) => [code, meaning, job]),
  )
})

test('what a Job tries again, in README.md', () => {
  const counted = Object.entries(exitCodeRows).filter(([, { job }]) => job === 'Count')
  const [, listed = ''] = /`podFailurePolicy`:\s([\d, and]+) are\s+tried again/.exec(readme) ?? []
  assert.deepEqual(
    listed.split(/, | and /),
    counted.map(([code]) => code),
  )
})

test('settings in README.md', () => {
  const rows = readTable(readme, ['Variable', 'Default', 'Meaning'])
  assert.ok(rows.length > 5)
  for (const [variables = '', shown] of rows) {
    const [variable] = readCode(variables)
    const setting = settingNames.map(settingOf).find((one) => one.variable === variable)
    assert.ok(setting, variables)
    const value = setting.default === undefined ? (setting.defaultShown ?? '–') : `\`${setting.default}\``
    assert.equal(shown, value, variables)
  }
})

test('verbs in README.md', () => {
  const words = readTable(readme, ['Verb', 'Does']).flatMap(([verbs = '']) => readCode(verbs))
  assert.deepEqual(words.map((word) => word.split(' ')[0]).sort(), [...verbNames].sort())
})

test('versions in docs/formats.md', () => {
  const rows = readTable(formats, ['Name', 'Kind', 'Version', 'Slug'])
  assert.ok(rows.length > 15)
  for (const [name = '', kind, version = '', slug = ''] of rows) {
    const [stem = ''] = readCode(name)
    const parsed = parseMigrationName(stem)
    assert.equal(parsed?.version.kind ?? 'none', kind, stem)
    assert.deepEqual(parsed === undefined ? [] : [parsed.version.text], readCode(version), stem)
    assert.deepEqual([parsed?.slug ?? ''].filter(Boolean), readCode(slug), stem)
  }
})

test('checkpoints in docs/formats.md', () => {
  const rows = readTable(formats, ['Point', 'When'])
  assert.deepEqual(
    rows.flatMap(([point = '']) => readCode(point)),
    checkpoints,
  )
})

test('events in docs/formats.md', () => {
  const source = readFileSync(join(root, 'src/events.ts'), 'utf8')
  const types = [...source.matchAll(/\btype: '([a-z-]+)'/g)].map(({ 1: type }) => type)
  const rows = readTable(formats, ['Event', 'Level', 'Fields']).flatMap(([event = '']) => readCode(event))
  assert.deepEqual(rows.sort(), [...types, 'error'].sort())
})

test('columns and JSON fields of docs/formats.md on PostgreSQL', async () => {
  await using db = await createTestDatabase(newestMajor)
  const up = await slipway(['up'], { env: env(db) })
  assert.equal(up.code, 0, up.stderr)
  const [first, second] = formats.split('## Log table')
  assert.deepEqual(documentedColumns(first), await columnsOf(db, 'schema_migrations'))
  assert.deepEqual(documentedColumns(second), await columnsOf(db, 'schema_migrations_log'))

  await requireKnownFields(env(db))
})

test('columns and JSON fields of docs/formats.md on SQLite', async () => {
  using workspace = createWorkspace()
  const file = workspace.path('app.db')
  const options = { SLIPWAY_DATABASE_URL: `sqlite://${file}`, SLIPWAY_DIR: join(root, 'migrations') }
  const up = await slipway(['up'], { env: options })
  assert.equal(up.code, 0, up.stderr)
  const columns = (table: string) =>
    readSqlite(file, `select name from pragma_table_info('${table}')`).map(({ name }) => String(name))
  const [first, second] = formats.split('## Log table')
  assert.deepEqual(documentedColumns(first).sort(), columns('schema_migrations').sort())
  assert.deepEqual(documentedColumns(second).sort(), columns('schema_migrations_log').sort())
  assert.ok(existsSync(`${file}.slipway-lock`))
  assert.ok(formats.includes('`<database>.slipway-lock`'))
  await requireKnownFields(options)
})

test('the lock of docs/formats.md is the one that runs wait for, and its query finds the holder', async () => {
  await using db = await createTestDatabase(newestMajor)
  await using holder = await db.connect()
  const key = Number(/CRC-32 of `schema.table` of the history: (\d+)/.exec(formats)?.[1])
  await holder.unsafe(`select pg_advisory_lock(1936484720, ${key | 0})`)
  const query = readBlocks(formats).find(({ words }) => words.includes('postgres'))?.text ?? ''
  assert.equal((await db.query(query)).length, 1)
  const up = await slipway(['up', '--lock-timeout', '1s'], { env: env(db) })
  assert.equal(up.code, 75, up.stderr)
})

async function requireKnownFields(variables: Record<string, string>): Promise<void> {
  const known = new Set(readCode(formats))
  const { stdout: report } = await slipway(['up', '--report', '-'], {
    env: { ...variables, SLIPWAY_TABLE: 'another' },
  })
  assert.equal(JSON.parse(report).outcome, 'failed')
  for (const key of keysOf(JSON.parse(report))) assert.ok(known.has(key), `report: ${key}`)
  for (const args of [
    ['status'],
    ['history', '--all'],
    ['verify'],
    ['doctor'],
    ['unlock'],
    ['config'],
    ['version'],
  ]) {
    const { stdout } = await slipway([...args, '--json'], { env: variables })
    for (const key of keysOf(JSON.parse(stdout))) assert.ok(known.has(key), `${args.join(' ')}: ${key}`)
  }
}

function documentedColumns(page = ''): string[] {
  return readTable(page, ['Column', 'PostgreSQL', 'SQLite', '']).flatMap(([column = '']) => readCode(column))
}

async function columnsOf(db: TestDatabase, table: string): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    'select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum',
    [table],
  )
  return rows.map(({ name }) => name)
}

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => [key, ...keysOf(item)])
}
