/**
 * The same sources and bases make the same image; docs/deploy/docker.md gives the command. It takes longest, and by its
 * name it is begun first, so that the others run beside it.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createWorkspace } from '../helpers/workspace.ts'
import { buildArguments } from './setup/images.ts'
import { runQuietly } from './setup/tools.ts'

const root = join(import.meta.dirname, '../..')

/** Its words, without the program and the folder. */
function documented(): string[] {
  const page = readFileSync(join(root, 'docs/deploy/docker.md'), 'utf8')
  const [, words = ''] = /^buildah (build .*) \.$/m.exec(page) ?? []
  assert.match(words, /--timestamp 0/)
  return words.split(' ')
}

test('buildah builds one digest twice', async () => {
  using workspace = createWorkspace()
  const store = ['--root', workspace.path('store'), '--runroot', workspace.path('run')]
  const place = ['--storage-driver', 'overlay', ...store]
  const buildah = (...args: string[]) => runQuietly(['buildah', ...place, ...args])
  const bases = ['NODE_IMAGE', 'POSTGRES_IMAGE'].flatMap((name) => process.env[name] ?? [])
  for (const name of bases) {
    // It would ask the engine at its usual address only.
    const archive = workspace.path('base.tar')
    await runQuietly(['docker', 'save', '--output', archive, name])
    await buildah('pull', `docker-archive:${archive}`)
    workspace.write({ 'base.tar': undefined })
  }
  const build = async () => {
    await buildah(
      ...documented(),
      '--isolation',
      'chroot',
      ...buildArguments(),
      '--iidfile',
      workspace.path('id'),
      root,
    )
    const id = workspace.read('id')
    const ask = ['inspect', '--type', 'image', '--format', '{{.FromImageDigest}}', id]
    return { id, digest: execFileSync('buildah', [...place, ...ask], { encoding: 'utf8' }).trim() }
  }
  try {
    const first = await build()
    for (const part of [first.id, first.digest]) assert.match(part, /^sha256:\w{64}$/)
    assert.deepEqual(await build(), first)
  } finally {
    await buildah('rm', '--all')
    // Where its layers were put together; a folder that is a mount cannot be removed.
    spawnSync('umount', [workspace.path('store/overlay')])
  }
})
