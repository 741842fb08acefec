/** The same sources and bases make the same image; docs/deploy/docker.md gives the command. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
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
  const build = (name: string): string => {
    const how = ['--isolation', 'chroot', '--timestamp', '0', '--layers=false', '--target', 'runner']
    buildah('build', ...how, ...buildArguments(), '--tag', name, root)
    const format = ['images', '--no-trunc', '--format', '{{.Digest}} {{.ID}}', name]
    return execFileSync('buildah', [...place, ...format], { encoding: 'utf8' }).trim()
  }
  const first = build('one')
  assert.match(first, /^sha256:\w{64} /)
  assert.equal(build('two'), first)
})
