import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFolder } from '../../../src/files/make-folder.ts'
import { createWorkspace } from '../../helpers/workspace.ts'

const codeOf = (work: () => void): string | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

test('makes what is missing, with the mode, and is content with what is there', () => {
  using workspace = createWorkspace()
  const dir = workspace.path('a', 'b', 'c')
  makeFolder(dir, 0o700)
  makeFolder(dir)
  for (const path of [dir, workspace.path('a')]) assert.equal(statSync(path).mode & 0o777, 0o700)
})

test('a file or a link to nothing in the way is an error', () => {
  using workspace = createWorkspace()
  writeFileSync(workspace.path('file'), '')
  symlinkSync(workspace.path('nothing'), workspace.path('link'))
  assert.equal(
    codeOf(() => makeFolder(workspace.path('file'))),
    'EEXIST',
  )
  assert.match(codeOf(() => makeFolder(workspace.path('file', 'in it'))) ?? '', /EEXIST|ENOTDIR/)
  assert.equal(
    codeOf(() => makeFolder(workspace.path('link'))),
    'EEXIST',
  )
})

test('where no folder can be made that is said, at once', { skip: process.platform !== 'linux' }, () => {
  const module = JSON.stringify(join(import.meta.dirname, '../../../src/files/make-folder.ts'))
  const code = `import { makeFolder } from ${module}; makeFolder('/proc/nope/there')`
  // In a process of its own, since what never returns could not be stopped here.
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.equal(status, 1)
  assert.match(stderr, /ENOENT/)
})
