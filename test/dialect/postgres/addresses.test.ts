/** A host with several addresses: all are tried, none holds up the others. */
import assert from 'node:assert/strict'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { createServer, type Server } from 'node:net'
import { after, before, describe, mock, test } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { connectBy, failureBy } from '../../helpers/connect.ts'
import { newestMajor, sharedPostgres } from '../../helpers/postgres.ts'
import { type Relay, startRelay } from '../../helpers/relay.ts'
import { type Pair, startPair } from '../../helpers/standby.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'
import { eventsOf } from './scene.ts'

const elsewhere = process.platform === 'linux' ? false : 'only Linux has all of 127.0.0.0/8'

let pair: Pair
let relay: Relay
const servers: Server[] = []
const addresses = new Map<string, readonly string[]>()

async function listen(address: string, serve: Parameters<typeof createServer>[1] & object): Promise<void> {
  const server = createServer(serve as never)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(pair.primary.port, address, resolve))
}

function url(name: string, ...found: string[]): string {
  addresses.set(name, found)
  return pair.primary.url('postgres').replace('127.0.0.1', name)
}

async function isPrimary(text: string, intent: 'read' | 'write'): Promise<boolean> {
  await using session = await connectBy(text, { intent, timeoutMs: 6000 })
  const [row] = await pair.primary.query(
    'postgres',
    "select 1 from pg_stat_activity where application_name = 'slipway/test'",
  )
  assert.equal(session.lost, false)
  return row !== undefined
}

describe('several addresses', { skip: elsewhere }, () => {
  before(async () => {
    pair = await startPair(newestMajor)
    mock.method(dns.promises, 'lookup', async (name: string) => {
      const found = addresses.get(name)
      if (found === undefined)
        throw Object.assign(new Error(name), { code: 'ENOTFOUND', syscall: 'getaddrinfo' })
      return found.map((address) => ({ address, family: 4 }))
    })
    syncBuiltinESMExports()
    // One port, so that the addresses are those of one host: the primary is at .1, the standby at .2, silence at .3.
    relay = await startRelay(pair.standby, { address: '127.0.0.2', port: pair.primary.port })
    await listen('127.0.0.3', (socket) => void socket.on('error', () => {}).resume())
    await listen(
      '127.0.0.4',
      (socket) =>
        void socket
          .on('error', () => {})
          .resume()
          .end(),
    )
  })
  after(async () => {
    mock.restoreAll()
    syncBuiltinESMExports()
    for (const server of servers) server.close()
    await relay[Symbol.asyncDispose]()
    await pair[Symbol.asyncDispose]()
  })

  test('the first address that answers', async () => {
    assert.equal(await isPrimary(url('a', '127.0.0.2', '127.0.0.1'), 'read'), false)
    assert.equal(await isPrimary(url('b', '127.0.0.9', '127.0.0.1'), 'read'), true)
  })

  test('a run that writes looks for the primary among the addresses of a host', async () => {
    assert.equal(await isPrimary(url('c', '127.0.0.2', '127.0.0.1'), 'write'), true)
    assert.equal(await isPrimary(url('d', '127.0.0.4', '127.0.0.2', '127.0.0.1'), 'write'), true)
  })

  test('where none will do, each address is named with its reason', async () => {
    assert.equal(
      await failureBy(url('e', '127.0.0.2', '127.0.0.9'), { intent: 'write' }),
      'read-only: 127.0.0.2: postgres is a replica in recovery, 127.0.0.9: connection refused',
    )
    assert.equal(await failureBy(url('f', '127.0.0.8', '127.0.0.9')), 'not-ready: connection refused')
    assert.equal(
      await failureBy(url('g', '127.0.0.3'), { timeoutMs: 1000 }),
      'not-ready: no answer within 1 s',
    )
    assert.equal(
      await failureBy(pair.primary.url('postgres').replace('127.0.0.1', 'nowhere')),
      'not-ready: host name not found',
    )
  })
})

test('plaintext to a public address is worth one warning in a run', async () => {
  const db = await (await sharedPostgres(newestMajor)).createDatabase()
  const server = await sharedPostgres(newestMajor)
  using workspace = createWorkspace({
    // What the operating system would say of another machine.
    'elsewhere.mjs': `import dns from 'node:dns'
import net from 'node:net'
import { syncBuiltinESMExports } from 'node:module'
dns.promises.lookup = async () => [{ address: '203.0.113.7', family: 4 }]
const { connect } = net
net.connect = (options) => connect(options.host === '203.0.113.7' ? { ...options, host: '127.0.0.1' } : options)
syncBuiltinESMExports()`,
  })
  const env = {
    SLIPWAY_DATABASE_URL: server.url(db).replace('127.0.0.1', 'db.example'),
    SLIPWAY_DIR: writeMigrations(workspace, {
      '0001_a.sql': 'create table a ();',
      '0002_b.sql': 'create table b ();',
    }),
    SLIPWAY_LOG_FORMAT: 'json',
  }
  const nodeOptions = ['--import', workspace.path('elsewhere.mjs')]
  const result = await slipway(['up'], { nodeOptions, env })
  assert.equal(result.code, 0, result.stderr)
  const warnings = eventsOf(result, 'warning')
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['plaintext'],
  )
  assert.match(
    String(warnings[0]?.msg),
    /^the connection to db\.example \(203\.0\.113\.7\) is not encrypted: .*; sslmode=require insists on TLS/,
  )
  assert.equal(eventsOf(result, 'connected')[0]?.encryption, 'none')
  const meant = { ...env, SLIPWAY_DATABASE_URL: `${env.SLIPWAY_DATABASE_URL}?sslmode=disable` }
  assert.deepEqual(eventsOf(await slipway(['up'], { nodeOptions, env: meant }), 'warning'), [])
})
