/** The same sources and bases make the same image; docs/deploy/docker.md gives the command. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { createWorkspace } from '../helpers/workspace.ts'
import { buildArguments } from './setup/images.ts'
import { runQuietly } from './setup/tools.ts'

const root = join(import.meta.dirname, '../..')

test('buildah builds one digest twice', () => {
  using workspace = createWorkspace()
  const place = [
    '--storage-driver',
    'overlay',
    '--root',
    workspace.path('store'),
    '--runroot',
    workspace.path('run'),
  ]
  const buildah = (...args: string[]) => runQuietly(['buildah', ...place, ...args])
  const bases = ['NODE_IMAGE', 'POSTGRES_IMAGE'].flatMap((name) => process.env[name] ?? [])
  for (const name of bases) {
    // It would ask the engine at its usual address only.
    const archive = workspace.path('base.tar')
    runQuietly(['docker', 'save', '--output', archive, name])
    buildah('pull', `docker-archive:${archive}`)
    workspace.write({ 'base.tar': undefined })
  }
  const build = (): string => {
    const how = ['--isolation', 'chroot', '--timestamp', '0', '--layers=false', '--target', 'runner']
    buildah('build', ...how, ...buildArguments(), '--iidfile', workspace.path('id'), root)
    return workspace.read('id')
  }
  try {
    const first = build()
    assert.match(first, /^sha256:\w{64}$/)
    assert.equal(build(), first)
  } finally {
    buildah('rm', '--all')
    // Where its layers were put together; a folder that is a mount cannot be removed.
    spawnSync('umount', [workspace.path('store/overlay')])
  }
})
