/** A database that is not there yet, in the ways in which it is not there yet in containers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../helpers/until.ts'
import { ask, docker, openHarbour, startRun, startServer, uniqueName, urlOf } from './docker.ts'

const flags = ['--volume', `${join(import.meta.dirname, '../../migrations')}:/app/migrations:ro`]

test('a first boot, during which the server answers on its socket only', async () => {
  await using harbour = await openHarbour({ initDelay: 4 })
  await until(
    'it answers on its socket',
    async () => (await docker(['exec', harbour.server, 'pg_isready', '-q'])).code === 0,
    { timeoutMs: 60_000 },
  )
  const tcp = await docker(['exec', harbour.server, 'pg_isready', '-q', '-h', '127.0.0.1'])
  assert.notEqual(tcp.code, 0, 'the window was missed')
  const { code, stderr } = await startRun(harbour, { flags }).done
  assert.equal(code, 0, stderr)
  assert.match(stderr, /waiting-for-database.*connection refused/)
  assert.match(stderr, /3 migrations applied/)
})

test('a name that nobody knows yet, then a server that starts', async () => {
  const network = uniqueName()
  const server = `${network}-late`
  await ask(['network', 'create', network])
  try {
    const running = startRun({ network, url: urlOf('late') }, { flags })
    await running.waitForOutput(/waiting-for-database/)
    await startServer(network, server, 'late', 1)
    const { code, stderr } = await running.done
    assert.equal(code, 0, stderr)
    assert.match(stderr, /waiting-for-database.*(?:not found|no address|resolve|DNS)/i)
    assert.match(stderr, /3 migrations applied/)
  } finally {
    await docker(['rm', '--force', '--volumes', server])
    await docker(['network', 'rm', network])
  }
})
