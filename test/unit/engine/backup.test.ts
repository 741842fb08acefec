import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { sqlite } from '../../../src/dialects/sqlite/index.ts'
import { takeBackup } from '../../../src/engine/backup.ts'
import type { Run } from '../../../src/engine/run.ts'
import { runSqlite } from '../../helpers/sqlite.ts'
import { createWorkspace } from '../../helpers/workspace.ts'

test('backups of one second are files of their own', async () => {
  using workspace = createWorkspace()
  const path = workspace.path('app.db')
  runSqlite(path, 'create table schema_migrations (id integer, name text, checksum text)')
  const run = {
    config: { backupDir: workspace.path('backups'), role: undefined, redact: (text: string) => text },
    dialect: sqlite,
    url: { dialect: 'sqlite', path, shown: '' },
    signal: new AbortController().signal,
    emit: () => {},
  } as unknown as Run
  const mark = { database: 'app.db', historyTable: 'schema_migrations', newest: undefined, bytes: 0 }
  const now = new Date(0)
  const taken = await Promise.all([1, 2, 3].map(() => takeBackup(run, mark, now)))
  assert.equal(new Set(taken).size, 3)
  assert.deepEqual(readdirSync(workspace.path('backups')).sort(), [
    'app.db-19700101T000000Z-before-empty-2.sqlite',
    'app.db-19700101T000000Z-before-empty-3.sqlite',
    'app.db-19700101T000000Z-before-empty.sqlite',
  ])
})
