/** What .github/workflows/image.yml does with each image that it has built. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { image } from './docker.ts'

const workflow = readFileSync(join(import.meta.dirname, '../../.github/workflows/image.yml'), 'utf8')
const [, script = ''] = /^ {6}- run: \|\n((?: {10}.*\n)+)/m.exec(workflow) ?? []

for (const target of ['runner', 'backup', 'slim'] as const)
  test(`${target} says its version, and migrates without any right`, () => {
    assert.match(script, /slipway:built version/)
    const tagged = script.replaceAll('slipway:built', image[target])
    const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', tagged], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^slipway \d/m)
    assert.match(stderr, /3 migrations applied/)
  })
