import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flywayChecksum } from '../../../../src/plan/adopt/edited.ts'
import { readInstant } from '../../../../src/plan/adopt/instant.ts'
import type { ForeignTool } from '../../../../src/plan/adopt/names.ts'
import { readLedger } from '../../../../src/plan/adopt/read-ledger.ts'
import { recogniseColumns, wantsTable } from '../../../../src/plan/adopt/tools.ts'

const ledger = (tool: ForeignTool, rows: readonly Readonly<Record<string, string>>[], lockRows = []) =>
  readLedger({ tool, shown: 't', rows, lockRows })
const keys = (...given: Parameters<typeof ledger>) => ledger(...given).entries.map(({ key }) => key)

test('dbmate: by number, not by text', () => {
  assert.deepEqual(keys('dbmate', [{ version: '10' }, { version: '9' }, { version: '20250101000000' }]), [
    '9',
    '10',
    '20250101000000',
  ])
})

test('goose: the last row of a version counts, and version 0 is none', () => {
  const rows = [
    { id: '1', version_id: '0', is_applied: 'true' },
    { id: '2', version_id: '1', is_applied: 't' },
    { id: '10', version_id: '2', is_applied: '1' },
    { id: '3', version_id: '2', is_applied: 'false' },
    { id: '4', version_id: '3', is_applied: '1' },
    { id: '5', version_id: '3', is_applied: '0' },
  ]
  assert.deepEqual(keys('goose', rows), ['1', '2'])
})

test('golang-migrate: nothing applied, and reverted to before the first', () => {
  for (const rows of [[], [{ version: '-1', dirty: 'false' }]])
    assert.deepEqual([ledger('golang-migrate', rows).upTo, keys('golang-migrate', rows)], [undefined, []])
  const large = ledger('golang-migrate', [{ version: '20250101000000123', dirty: 'f' }])
  assert.equal(large.upTo, '20250101000000123')
})

test('flyway: undone, deleted and applied again', () => {
  const row = (installed_rank: string, version: string, type: string) => ({
    installed_rank,
    version,
    type,
    script: `V${version}__x.sql`,
    success: 'true',
    description: 'x',
  })
  const rows = [
    row('1', '1', 'SQL'),
    row('2', '1', 'UNDO_SQL'),
    row('3', '2', 'SQL'),
    row('4', '1', 'SQL'),
    row('5', '2', 'DELETE'),
  ]
  assert.deepEqual(keys('flyway', rows), ['1'])
})

test('columns in any case and order tell the tool, and only whole shapes do', () => {
  assert.equal(recogniseColumns(['DIRTY', 'Version']), 'golang-migrate')
  assert.equal(recogniseColumns(['VERSION']), 'dbmate')
  assert.equal(recogniseColumns(['version', 'name']), undefined)
  assert.equal(recogniseColumns(['id', 'hash', 'created_at', 'name', 'applied_at']), 'drizzle')
  assert.equal(recogniseColumns([]), undefined)
})

test('only tables of a known name and shape are read, or the one that is named', () => {
  const versions = ['version']
  assert.equal(wantsTable({ name: 'schema_migrations', columns: versions }, undefined), true)
  assert.equal(wantsTable({ name: 'schema_migrations_dbmate', columns: versions }, undefined), true)
  assert.equal(wantsTable({ name: 'apps', columns: versions }, undefined), false)
  assert.equal(wantsTable({ name: 'goose_db_version', columns: versions }, undefined), false)
  assert.equal(wantsTable({ name: 'apps', columns: [] }, 'Apps'), true)
  assert.equal(wantsTable({ name: 'my_knex_lock', columns: ['index'] }, 'my_knex'), true)
})

test('instants', () => {
  assert.equal(readInstant('1740823200000')?.toISOString(), '2025-03-01T10:00:00.000Z')
  assert.equal(readInstant('2025-03-01 10:00:00.25')?.toISOString(), '2025-03-01T10:00:00.250Z')
  assert.equal(readInstant('2025-03-01T12:00:00+02:00')?.toISOString(), '2025-03-01T10:00:00.000Z')
  for (const odd of ['', 'yesterday', 'null', undefined]) assert.equal(readInstant(odd), undefined)
})

test("Flyway's checksum is over the lines, not their ends", () => {
  // What Flyway itself has for a text is compared in test/adopt: a repeatable migration of another text is refused.
  assert.equal(flywayChecksum('create table users (id integer primary key);\n'), '1519369812')
  assert.equal(flywayChecksum('create table users\n\n (id integer primary key);'), '1519369812')
})
