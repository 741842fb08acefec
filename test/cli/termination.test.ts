/**
 * The message of a pod. The kubelet mounts a file at `/dev/termination-log`; here a mount namespace of the process
 * alone does the same, so that other tests never see it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { cliPath, nodePath, type SlipwayResult, slipway } from '../helpers/cli.ts'
import { recordOutput } from '../helpers/leak-log.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const path = '/dev/termination-log'

/** In a new namespace: a /dev with the little that Node needs, and the file named by $0 in the place of the log. */
const inPod = `
  set -e
  old=$(dirname "$0")/real-dev
  mkdir -p "$old"
  mount --rbind /dev "$old"
  mount -t tmpfs none /dev
  for device in null zero random urandom; do touch /dev/$device; mount --bind "$old/$device" /dev/$device; done
  touch ${path}
  mount --bind "$0" ${path}
  exec "$@"`
const unshare = ['unshare', '--mount', '--map-root-user', 'sh', '-c', inPod] as const
const isPossible = spawnSync('unshare', ['--mount', '--map-root-user', 'true']).status === 0
const skip = isPossible ? false : 'this machine allows no mount namespaces'

const untidy = 'of somebody before, and longer than any of ours '.repeat(200)

async function runInPod(
  workspace: Workspace,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  before = untidy,
): Promise<SlipwayResult & { readonly message: string }> {
  workspace.write({ 'termination.log': before })
  const log = workspace.path('termination.log')
  const result = await slipway(args, {
    cwd: workspace.dir,
    env,
    command: [...unshare, log, nodePath, cliPath],
  })
  const message = workspace.read('termination.log')
  recordOutput('the termination message', message)
  assert.ok(Buffer.byteLength(message) <= 4096)
  return { ...result, message }
}

describe('termination message', { skip }, () => {
  test('of a run that applied and of one that failed', async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace({ 'migrations/0001_a.sql': 'create table a (id integer);' })
    const env = { SLIPWAY_DATABASE_URL: db.url() }
    const first = await runInPod(workspace, ['up'], env)
    assert.equal(first.code, 0, first.stderr)
    const done = JSON.parse(first.message)
    assert.deepEqual([done.exitCode, done.verb, done.applied, done.error], [0, 'up', ['0001_a'], undefined])

    workspace.write({
      'migrations/0002_b.ts':
        "export const up = async ({ env }) => { throw new Error('no tenant at ' + env.SLIPWAY_DATABASE_URL) }",
    })
    const second = await runInPod(workspace, ['up'], env)
    assert.equal(second.code, 70, second.stderr)
    const failed = JSON.parse(second.message)
    assert.deepEqual(
      [failed.exitCode, failed.pending, failed.error.code],
      [70, ['0002_b'], 'migration-failed'],
    )
    assert.match(failed.error.message, /0002_b failed: no tenant at \*\*\*/)
    assert.equal(failed.error.file, 'migrations/0002_b.ts')
  })

  test('of exec, written before the command takes over', async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace({ 'migrations/0001_a.sql': 'create table a (id integer);' })
    const env = { SLIPWAY_DATABASE_URL: db.url() }
    const result = await runInPod(workspace, ['exec', '--', 'cat', path], env)
    assert.equal(result.code, 0, result.stderr)
    assert.deepEqual(JSON.parse(result.stdout).applied, ['0001_a'])
  })

  test('a probe leaves it to the run that it asks about', async () => {
    using workspace = createWorkspace()
    const ofTheRun = '{"exitCode":70,"verb":"serve"}'
    for (const [flag, code] of [
      ['--listen=1', 69],
      ['--lisetn=1', 64],
    ] as const) {
      const result = await runInPod(workspace, ['healthcheck', flag], {}, ofTheRun)
      assert.deepEqual([result.code, result.message], [code, ofTheRun], result.stderr)
    }
  })

  for (const [name, args, env, code] of [
    ['of a configuration that is wrong', ['up'], {}, 'no-url'],
    ['of a wrong command line', ['up', '--stpes', '1'], {}, 'unknown-flag'],
    ['of a verb that only reads', ['status'], { DATABASE_URL: 'sqlite:app.db' }, 'dir-missing'],
  ] as const)
    test(name, async () => {
      using workspace = createWorkspace()
      const result = await runInPod(workspace, args, env)
      const told = JSON.parse(result.message)
      assert.deepEqual([told.error.code, told.exitCode], [code, result.code])
      assert.equal(typeof told.error.hint, 'string')
    })
})
