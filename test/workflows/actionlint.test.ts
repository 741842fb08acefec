/** actionlint, which knows GitHub's syntax, contexts and machines, and gives every script to shellcheck. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { createWorkspace } from '../helpers/workspace.ts'
import { fileOf } from './recipes.ts'
import { root } from './workflow.ts'

/** As a module of Go's, built on the first use and kept by Go. */
const command = ['run', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12', '-no-color']

const skip = whyNot()

test('.github/workflows', { skip }, () => {
  const { status, stdout, stderr } = spawnSync('go', command, { cwd: root, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})

for (const file of ['migrations.yml', 'deploy.yml'])
  test(`docs/deploy/github-actions.md: ${file}`, { skip }, () => {
    using workspace = createWorkspace({ [file]: fileOf('github-actions', `.github/workflows/${file}`) })
    const { status, stdout } = spawnSync('go', [...command, file], { cwd: workspace.dir, encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  })

test('scripts in a workflow are looked at', { skip }, () => {
  const text = `on: push
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - run: echo $HOME \${{ steps.none.outputs.x }}
`
  using workspace = createWorkspace({ 'broken.yml': text })
  const { status, stdout } = spawnSync('go', [...command, 'broken.yml'], {
    cwd: workspace.dir,
    encoding: 'utf8',
  })
  assert.equal(status, 1, stdout)
  assert.match(stdout, /property "none" is not defined/)
  assert.match(stdout, /SC2086/)
})

test('shellcheck finds nothing in the scripts', { skip }, () => {
  const scripts = globSync(['.ci/run', '.github/**/*.sh', 'test/cluster/*.sh', 'examples/**/*.sh'], {
    cwd: root,
  })
  assert.ok(scripts.length >= 8, scripts.join())
  const { status, stdout, error } = spawnSync('shellcheck', scripts, { cwd: root, encoding: 'utf8' })
  assert.ifError(error)
  assert.equal(status, 0, stdout)
})

/** Go 1.25 and shellcheck; where TEST_ACTIONLINT is `required` they must be there. */
function whyNot(): string | false {
  if (process.env.TEST_ACTIONLINT === 'required') return false
  if (spawnSync('shellcheck', ['--version']).status !== 0) return 'shellcheck is not installed'
  const { status } = spawnSync('go', [...command, '-version'])
  return status === 0 ? false : 'no Go that builds actionlint'
}
