/** What can be read off Dockerfile, scripts and compose files without building or starting anything. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ask } from './docker.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

test('the Dockerfile is one that every builder knows, and its bases are pinned', () => {
  const dockerfile = read('Dockerfile')
  // Each of these makes a builder that is not BuildKit, or that has no network, give up.
  for (const more of [/^#\s*(syntax|escape|check)\s*=/im, /<<-?["']?\w/, /--link\b/])
    assert.doesNotMatch(dockerfile, more)
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base = '']) => base)
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\w+)/gm)].map(([, stage = '']) => stage)
  for (const base of bases)
    if (!stages.includes(base)) assert.match(base, /^(scratch|\$\{(NODE|POSTGRES)_IMAGE\})$/)
  for (const name of ['NODE_IMAGE', 'POSTGRES_IMAGE'])
    assert.match(
      dockerfile,
      new RegExp(`^ARG ${name}=[\\w.-]+:[\\w.-]+-trixie[\\w.-]*@sha256:[0-9a-f]{64}$`, 'm'),
    )
  assert.equal(stages.at(-1), 'runner')
  assert.match(dockerfile, new RegExp(`^ARG VERSION=${JSON.parse(read('package.json')).version}$`, 'm'))
})

test('shellcheck finds nothing in any script', () => {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const scripts = tracked
    .split('\n')
    .filter((path) => /\.sh$|^[^.]*$|^\.ci\//.test(path) && path !== '' && path !== 'node_modules')
    .filter((path) => /^#!.*\b(ba|da)?sh\b/.test(read(path)))
  for (const known of ['.ci/run', 'docker-entrypoint.sh', 'scripts/image/copy-programs.sh'])
    assert.ok(scripts.includes(known), known)
  const check = spawnSync('shellcheck', scripts, { cwd: root, encoding: 'utf8' })
  assert.equal(check.status, 0, check.stdout)
})

interface Service {
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly [key: string]: unknown
}

const files = ['compose.yaml', ...globSync('examples/compose/*.yaml', { cwd: root })]

for (const file of files)
  test(`${file} keeps the rules that docs/deploy/compose.md gives`, async () => {
    const config = await ask(['compose', '--file', join(root, file), 'config', '--format', 'json'])
    const services: Record<string, Service> = JSON.parse(config).services
    const { db, migrate, app } = services
    assert.ok(migrate)
    assert.ok(migrate.restart === 'no')
    const isSidecar = JSON.stringify(migrate.command) === '["serve"]'
    if (isSidecar) assert.deepEqual(migrate.healthcheck?.test, ['CMD', 'slipway', 'healthcheck'])
    // What is only for development has no app, and no hardening.
    if (file !== 'examples/compose/watch.yaml') {
      const success = isSidecar ? 'service_healthy' : 'service_completed_successfully'
      assert.equal(app?.depends_on?.migrate?.condition, success)
      assert.equal(migrate.stop_grace_period, '1m0s')
      assert.equal(migrate.read_only, true)
      assert.deepEqual(migrate.cap_drop, ['ALL'])
      assert.deepEqual(migrate.security_opt, ['no-new-privileges:true'])
      const volumes = migrate.volumes as readonly { readonly target: string; readonly read_only?: boolean }[]
      assert.equal(volumes.find(({ target }) => target === '/app/migrations')?.read_only, true)
    }
    if (db === undefined) return
    assert.equal(migrate.depends_on?.db?.condition, 'service_healthy')
    assert.ok(db.healthcheck?.test.includes('--host=127.0.0.1'), 'its socket answers too early')
  })
