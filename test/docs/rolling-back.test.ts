/** docs/rolling-back.md is followed, its files and its commands, on SQLite. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { cliPath, nodePath } from '../helpers/cli.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks, readWord } from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/rolling-back.md'), 'utf8')

test('the commands of docs/rolling-back.md', () => {
  using workspace = createWorkspace()
  const blocks = readBlocks(page)
  const script = blocks.filter(({ words }) => words.includes('test')).map(({ text }) => text)
  assert.ok(script.length >= 4)
  for (const block of blocks) {
    const file = readWord(block, 'file')
    if (file !== undefined) workspace.write({ [file]: block.text })
  }
  workspace.write({
    'bin/npx': `#!/bin/sh\nshift\nexec "${nodePath}" "${cliPath}" "$@"\n`,
    script: script.join('\n'),
  })
  chmodSync(workspace.path('bin/npx'), 0o755)
  const { status, stdout, stderr } = spawnSync('sh', ['-eu', workspace.path('script')], {
    cwd: workspace.dir,
    env: { PATH: [workspace.path('bin'), dirname(process.execPath), process.env.PATH].join(delimiter) },
    encoding: 'utf8',
    timeout: 240_000,
  })
  assert.equal(status, 0, `${stdout}\n${stderr}`)
  assert.match(stderr, /backup taken: /)
  assert.match(stdout, /0002_ship_flag {2}in a transaction, from the text in history/)
  assert.match(stdout.trimEnd().split('\n').at(-1) ?? stdout, /0001_create_ships/)
})
