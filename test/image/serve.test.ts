/** `serve` in a container: hardened as the rest, asked by its own health check and over the network. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../helpers/until.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { ask, docker, type Harbour, hardened, image, openHarbour, startRun, uniqueName } from './docker.ts'

const migrations = join(import.meta.dirname, '../../migrations')

let harbour: Harbour
before(async () => {
  harbour = await openHarbour()
})
after(() => harbour[Symbol.asyncDispose]())

/** With a health check as compose gives one; the image has none. */
function startServe(name: string, folder: string, env: Readonly<Record<string, string>> = {}) {
  const health = ['--health-cmd', 'slipway healthcheck', '--health-interval', '1s', '--health-retries', '600']
  return startRun(
    harbour,
    {
      flags: [...hardened, ...health, '--name', name, '--volume', `${folder}:/app/migrations:ro`],
      env: { SLIPWAY_LISTEN: '0.0.0.0:7300', ...env },
    },
    'serve',
  )
}

const healthOf = async (name: string): Promise<string> =>
  (await docker(['inspect', '--format', '{{.State.Health.Status}}', name])).stdout.trim()

/** As another container on the network asks: `200 text/html` for each path. */
async function fetchAll(name: string, paths: readonly string[]): Promise<string[]> {
  const script = `(async () => {
    for (const path of ${JSON.stringify(paths)}) {
      const answer = await fetch('http://${name}:7300' + path)
      const text = await answer.text()
      console.log(answer.status, answer.headers.get('content-type')?.split(';')[0], text.length > 0)
    }
  })()`
  const flags = ['--rm', '--network', harbour.network, '--entrypoint', 'node']
  return (await ask(['run', ...flags, image.runner, '-e', script])).split('\n')
}

test('it migrates, becomes healthy, shows its page, and ends well', async () => {
  const name = uniqueName()
  const serving = startServe(name, migrations)
  await until('it is healthy', async () => (await healthOf(name)) === 'healthy', { timeoutMs: 120_000 })
  assert.equal(await harbour.psql('select count(*) from schema_migrations'), '3')
  const paths = ['/', '/page.css', '/page.js', '/icon.svg', '/metrics', '/api/status', '/readyz', '/healthz']
  assert.deepEqual(await fetchAll(name, paths), [
    '200 text/html true',
    '200 text/css true',
    '200 text/javascript true',
    '200 image/svg+xml true',
    '200 text/plain true',
    '200 application/json true',
    '200 text/plain true',
    '200 text/plain true',
  ])
  await ask(['stop', '--time', '30', name])
  const { code, stderr } = await serving.done
  assert.equal(code, 0, stderr)
})

test('a run that failed: it stays, unready, and its health check says so', async () => {
  using broken = createWorkspace({ 'migrations/0001_a.sql': 'select 1 / 0;\n' })
  const name = uniqueName()
  const env = { SLIPWAY_TABLE: 'history_of_failed' }
  const serving = startServe(name, broken.path('migrations'), env)
  await serving.waitForOutput(/division by zero/)
  const probe = await docker(['exec', name, 'slipway', 'healthcheck'])
  assert.equal(probe.code, 3, probe.stdout + probe.stderr)
  const alive = await docker(['exec', name, 'slipway', 'healthcheck', '--for', 'live'])
  assert.equal(alive.code, 0, alive.stdout + alive.stderr)
  assert.notEqual(await healthOf(name), 'healthy')
  assert.deepEqual(await fetchAll(name, ['/readyz', '/']), ['503 text/plain true', '200 text/html true'])
  await ask(['stop', '--time', '30', name])
  assert.equal((await serving.done).code, 70)
})
