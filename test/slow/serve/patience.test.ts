/** What takes its time: clients that do not finish asking, a history that is locked, connections that are cut. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPlace } from '../../helpers/place.ts'
import { newestMajor, sharedPostgres } from '../../helpers/postgres.ts'
import { connection } from '../../helpers/postgres-server.ts'
import { startProxy } from '../../helpers/proxy.ts'
import { startServing } from '../../helpers/serving.ts'
import { until } from '../../helpers/until.ts'

const migrations = { '0001_a.sql': 'create table a (id integer);\n' }

async function open(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

test('who does not finish asking gives up the place', async () => {
  await using place = await openPlace('sqlite', migrations)
  await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
  await serving.until('ready')
  const silent = await open(serving.url, '')
  const half = await open(serving.url, 'GET /readyz HTTP/1.1\r\nHost: localhost\r\n')
  await Promise.all([silent, half].map((socket) => once(socket.resume(), 'close')))
  assert.equal((await serving.get('/readyz')).status, 200)
  assert.equal(await serving.stop(), 0)
})

test('a history that somebody has locked is told, leaves nobody waiting in the server, and comes back', async () => {
  await using place = await openPlace('postgres', migrations)
  await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
  await serving.until('ready')
  await until('it is read', async () => (await serving.status()).status?.counts.applied === 1)
  const server = await sharedPostgres(newestMajor)
  await using holder = await connection(server, place.database)
  const waiting = () =>
    place.rows("select from pg_locks where relation = 'public.schema_migrations'::regclass and not granted")
  await holder.unsafe('begin; lock table public.schema_migrations in access exclusive mode')
  await until('a look waits', async () => {
    await serving.get('/readyz')
    return (await waiting()).length > 0
  })
  await until('it is told', async () => {
    // Who asks is answered meanwhile, and adds nobody to those who wait.
    assert.equal((await serving.get('/readyz')).status, 200)
    assert.ok((await waiting()).length <= 1)
    return /not read within 10 s.*may hold a lock/.test((await serving.status()).problem?.message ?? '')
  })
  assert.equal((await serving.status()).status.counts.applied, 1, 'what was known is still shown')
  await holder.unsafe('rollback')
  await until('it is read again', async () => (await serving.status()).problem === null)
  await holder.unsafe('begin; lock table public.schema_migrations in access exclusive mode')
  await until('another look waits', async () => {
    await serving.get('/readyz')
    return (await waiting()).length > 0
  })
  assert.equal(await serving.stop(), 0)
  await holder.unsafe('rollback')
})

test('looks that are cut at any moment do not end it, and leave nothing open', async () => {
  await using place = await openPlace('postgres', migrations)
  await using proxy = await startProxy(await sharedPostgres(newestMajor))
  await using serving = await startServing({
    cwd: place.workspace.dir,
    env: {
      ...place.env,
      SLIPWAY_DATABASE_URL: proxy.through(place.env.SLIPWAY_DATABASE_URL ?? ''),
      SLIPWAY_REFRESH: '1ms',
    },
  })
  await serving.until('ready')
  proxy.delay(2)
  for (let round = 0; round < 80; round++) {
    await until('a look has begun', async () => {
      await serving.get('/readyz')
      return proxy.open() > 0
    })
    await sleep(round / 2)
    proxy.reset()
  }
  proxy.delay(0)
  assert.equal((await serving.get('/readyz')).status, 200)
  await until('it is read again', async () => (await serving.status()).problem === null)
  await until('nothing is open', () => proxy.open() === 0)
  assert.equal(await serving.stop(), 0)
})
