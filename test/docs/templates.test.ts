/** docs/templates.md: its commands are typed, and what it shows is what templates write. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { templates } from '../../src/templates/registry.ts'
import { slipway } from '../helpers/cli.ts'
import { createTypist } from '../helpers/typed.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks } from './markdown.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/templates.md'), 'utf8')
const blocks = readBlocks(page)

test('the commands of the page run, one after another', async () => {
  using workspace = createWorkspace()
  const script = blocks
    .filter(({ language, words }) => language === 'sh' && words.includes('test'))
    .map(({ text }) => text.replaceAll('npx slipway', 'slipway'))
  assert.equal(script.length, 2)
  const { type } = createTypist(workspace, {})
  const { code, stdout, stderr } = await type(`set -e\n${script.join('\n')}`)
  assert.equal(code, 0, `${stdout}${stderr}`)
  assert.match(stdout, /_create_cranes\.sql/)
})

test('the command of each template writes files', async () => {
  using workspace = createWorkspace()
  const { type } = createTypist(workspace, {})
  const commands = blocks.filter(({ words }) => words.includes('template')).map(({ text }) => text.trim())
  assert.equal(commands.length, templates.length)
  const { code, stderr, stdout } = await type(
    `set -e\n${commands.join('\n').replaceAll('npx slipway', 'slipway')}`,
  )
  assert.equal(code, 0, stderr)
  for (const { name } of templates) assert.match(stdout, new RegExp(`_${name.replaceAll('-', '_')}`))
})

test('the examples in migrations/ are passed over', async () => {
  const names = ['create-table', 'add-column', 'add-index', 'backfill']
  const files = names.map((name) => [
    `migrations/${name}.ts.example`,
    readFileSync(join(root, `migrations/${name}.ts.example`), 'utf8'),
  ])
  using workspace = createWorkspace(Object.fromEntries(files))
  const env = { SLIPWAY_DATABASE_URL: 'sqlite:app.db' }
  const { code, stderr } = await slipway(['up', '--allow-empty'], { cwd: workspace.dir, env })
  assert.equal(code, 0, stderr)
})
