/** The commands of docs/deploy/docker.md, of docs/deploy/compose.md and of README.md's part on them, as they stand there. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBlocks, readWord } from '../docs/markdown.ts'
import { cloneWorkingCopy } from './clone.ts'
import { buildArguments } from './setup/images.ts'

const root = join(import.meta.dirname, '../..')

/** Builds with the base images of this run; the rest is docker's. */
const shim = `#!/bin/sh
PATH=\${PATH#*:}
if [ "$1" = build ]; then
  shift
  exec docker build $TEST_BUILD_ARGUMENTS "$@"
fi
exec docker "$@"
`

const pages = [
  {
    page: 'docs/deploy/docker.md',
    word: 'test',
    cleanUp: 'docker rm --force --volumes db; docker network rm harbour',
  },
  { page: 'docs/deploy/compose.md', word: 'test', cleanUp: 'docker compose down --volumes' },
  { page: 'README.md', word: 'docker', cleanUp: 'docker compose down --volumes' },
]

for (const { page, word, cleanUp } of pages)
  test(`the commands of ${page}`, async () => {
    const blocks = readBlocks(readFileSync(join(root, page), 'utf8'))
    using checkout = cloneWorkingCopy()
    checkout.write({ 'shim/docker': shim })
    chmodSync(checkout.path('shim/docker'), 0o755)
    // README's files are for its other commands.
    for (const block of page === 'README.md' ? [] : blocks) {
      const file = readWord(block, 'file')
      if (file !== undefined) checkout.write({ [file]: block.text })
    }
    const commands = blocks.filter(({ words }) => words.includes(word)).map(({ text }) => text)
    assert.ok(commands.length > 0)
    const { code, printed } = await runScript(`set -eux\n${commands.join('\n')}`, checkout.dir)
    // So that they can be tried again.
    if (code !== 0) await runScript(cleanUp, checkout.dir)
    assert.equal(code, 0, printed)
    if (page.endsWith('docker.md')) assert.match(printed, /serving, as process 1$/m)
  })

function runScript(script: string, cwd: string): Promise<{ code: number | null; printed: string }> {
  const env = {
    ...process.env,
    PATH: `${join(cwd, 'shim')}:${process.env.PATH}`,
    TEST_BUILD_ARGUMENTS: buildArguments().join(' '),
  }
  const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, printed })))
}
