/** The programs of docs/library.md are run, beside the package as it is built. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderLibraryPage } from '../../scripts/library-page.ts'
import { nodePath } from '../helpers/cli.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'
import { readBlocks, readWord } from './markdown.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/library.md'), 'utf8')

function run(workspace: Workspace, file: string) {
  const block = readBlocks(page).find((one) => readWord(one, 'file') === file)
  assert.ok(block !== undefined, file)
  workspace.write({ [file]: block.text })
  mkdirSync(workspace.path('node_modules'))
  symlinkSync(root, workspace.path('node_modules/slipway'))
  const { status, stdout, stderr } = spawnSync(nodePath, [file], {
    cwd: workspace.dir,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    timeout: 60_000,
  })
  assert.equal(status, 0, stderr)
  return { lines: stdout.trimEnd().split('\n'), stderr }
}

const files = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_b.sql': 'create table b (id integer);\n',
}

test('three lines make a scratch database', () => {
  const block = readBlocks(page).find((one) => readWord(one, 'file') === 'scratch.test.mts')
  assert.equal(block?.text.trimEnd().split('\n').length, 3)
  using workspace = createWorkspace(files)
  const { lines, stderr } = run(workspace, 'scratch.test.mts')
  assert.deepEqual([lines, stderr], [[''], ''])
  assert.deepEqual(readSqlite(workspace.path('scratch.db'), 'select name from schema_migrations'), [
    { name: '0001_a' },
    { name: '0002_b' },
  ])
})

test('running and looking', () => {
  using workspace = createWorkspace(files)
  const { lines } = run(workspace, 'look.mts')
  assert.equal(lines[0], '2 to run')
  assert.match(lines[1] ?? '', /^0001_a: \d+ ms$/)
  assert.deepEqual(lines.slice(3), ['2 applied'])
})

test('and where something fails', () => {
  using workspace = createWorkspace({ ...files, 'migrations/0002_b.sql': 'create table a (id integer);\n' })
  const { lines } = run(workspace, 'look.mts')
  assert.match(
    lines.join('\n'),
    /^migration-failed 0002_b failed at statement 1 of 1: table a already exists/m,
  )
})

test('the reference names every method and every code of an event', () => {
  const rendered = renderLibraryPage(root)
  for (const name of ['up', 'plan', 'status', 'verify', 'history', 'stamp', 'wait', 'close'])
    assert.match(rendered, new RegExp(`^\\| \`${name}\` \\| `, 'm'))
  assert.match(rendered, /type: 'hook-output'/)
  assert.match(rendered, /^\| `createDatabase\?`|MigratorOptions extends Omit<SlipwayConfig/m)
})
