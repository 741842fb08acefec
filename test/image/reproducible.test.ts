/** The same sources and bases make the same image. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createWorkspace } from '../helpers/workspace.ts'
import { buildArguments } from './setup/images.ts'
import { runQuietly } from './setup/tools.ts'

const root = join(import.meta.dirname, '../..')

// docs/deploy/docker.md gives the same command.
test('buildah builds one digest twice', () => {
  using workspace = createWorkspace()
  const buildah = (...args: string[]) => [
    'buildah',
    '--storage-driver',
    'vfs',
    '--root',
    workspace.path('store'),
    '--runroot',
    workspace.path('run'),
    ...args,
  ]
  mkdirSync(workspace.path('store'))
  for (const name of ['NODE_IMAGE', 'POSTGRES_IMAGE'])
    if (process.env[name] !== undefined) importInto(buildah, process.env[name] ?? '')
  const build = (name: string) => {
    const how = ['--isolation', 'chroot', '--timestamp', '0', '--layers=false', '--target', 'runner']
    runQuietly(buildah('build', ...how, ...buildArguments(), '--tag', name, root))
    return digestOf(buildah, name)
  }
  assert.equal(build('one'), build('two'))
})

function importInto(buildah: (...args: string[]) => string[], name: string): void {
  runQuietly(buildah('pull', `docker-daemon:${name}:latest`))
}

function digestOf(buildah: (...args: string[]) => string[], name: string): string {
  const [program = '', ...args] = buildah('images', '--no-trunc', '--format', '{{.Digest}} {{.ID}}', name)
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' })
  assert.match(stdout, /^sha256:/)
  return stdout.trim()
}
