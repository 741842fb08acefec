/** The config files of docs/hooks.md are used, and its tables are those of the code. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { hookNames, hookVariableNames } from '../../src/config/hook.ts'
import { slipway } from '../helpers/cli.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks, readCode, readTable, readWord } from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/hooks.md'), 'utf8')
const configs = readBlocks(page).flatMap((block) => {
  const file = readWord(block, 'file')
  return file === undefined ? [] : [[file, block.text] as const]
})

test('the example does what its comments say', async () => {
  const [first] = configs
  using workspace = createWorkspace({
    [first?.[0] ?? '']: first?.[1] ?? '',
    'migrations/0001_a.sql': 'create table a (id integer);\n',
    'pause-workers.sh': 'echo paused >> hooks.log\n',
    'resume-workers.sh': 'echo "resumed: $SLIPWAY_OUTCOME" >> hooks.log\n',
    'format.sh': 'echo "$@" > formatted.txt\n',
  })
  const up = await slipway(['up'], { cwd: workspace.dir })
  assert.equal(up.code, 0, up.stderr)
  assert.equal(workspace.read('hooks.log'), 'paused\nnext: 0001_a\nresumed: done\n')
  assert.match(up.stderr, /afterEach │ 0001_a: done/)
  const created = await slipway(['new', 'x'], { cwd: workspace.dir })
  assert.equal(created.code, 0, created.stderr)
  assert.match(workspace.read('formatted.txt'), /^--write \/.*_x\.ts\n$/)
})

test('the other examples are read', async () => {
  for (const [file, text] of configs) {
    using workspace = createWorkspace({ [file]: text })
    const { code, stdout } = await slipway(['config', '--json'], { cwd: workspace.path(dirname(file)) })
    assert.equal(code, 0, stdout)
    assert.deepEqual(JSON.parse(stdout).warnings, [])
  }
})

test('the tables of hooks and of variables', () => {
  const names = readTable(page, ['Hook', 'Runs', 'If it fails']).map(([name = '']) => readCode(name)[0])
  assert.deepEqual(names, hookNames)
  const variables = readTable(page, ['Variable', 'Holds']).map(([name = '']) => readCode(name)[0])
  assert.deepEqual(variables, hookVariableNames)
})
