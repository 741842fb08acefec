/** What keeps serve from listening, what healthcheck says then, and metrics that cannot be written. */
import { createServer, type Server } from 'node:http'
import { after } from 'node:test'
import { type BadInput, type Place, testBadInput } from '../helpers/bad-input.ts'
import { freePort } from '../helpers/ports.ts'

/** Answers as a serve does that is not ready; below /else, something else does. */
const unready: Server = createServer((_, response) => response.writeHead(503).end('not ready: migrating\n'))
const foreign: Server = createServer((_, response) => response.writeHead(404).end('no\n'))
for (const server of [unready, foreign])
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
after(() => {
  unready.close()
  foreign.close()
})

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const closed = await freePort()
const path = (file: string) => (place: Place) => ({ SLIPWAY_METRICS_FILE: place.workspace.path(file) })

const listenRow = (text: string, message: RegExp): BadInput => ({
  name: `an address that is none: ${text}`,
  argv: ['serve'],
  env: { SLIPWAY_LISTEN: text },
  exit: 78,
  code: 'bad-setting',
  message,
  hint: /slipway --help/,
})

testBadInput([
  {
    name: 'the port is taken',
    argv: ['serve', '--listen', `127.0.0.1:${portOf(unready)}`],
    exit: 78,
    code: 'listen-failed',
    message: /serve cannot listen at 127\.0\.0\.1, port \d+: .*EADDRINUSE/,
    hint: /SLIPWAY_LISTEN=127\.0\.0\.1:7301 slipway serve/,
  },
  {
    name: 'the address is not of this host',
    argv: ['serve', '--listen', '192.0.2.1:7300'],
    exit: 78,
    code: 'listen-failed',
    message: /serve cannot listen at 192\.0\.2\.1, port 7300: .*EADDRNOTAVAIL/,
    hint: /slipway serve/,
  },
  listenRow('7300x', /^SLIPWAY_LISTEN must be an address and a port, .*, not "?7300x/),
  listenRow('0.0.0.0', /must be an address and a port/),
  listenRow('127.0.0.1:70000', /must be an address and a port/),
  listenRow('::1:7300', /must be an address and a port, such as 0\.0\.0\.0:7300 or \[::\]:7300/),
  // What a Service of that name would make of it.
  listenRow('tcp://10.0.0.1:80', /must be an address and a port/),
  {
    name: 'a token file that is not there',
    argv: ['serve'],
    env: { SLIPWAY_TOKEN_FILE: '/nowhere/token' },
    exit: 78,
    code: 'secret-unreadable',
    message: /SLIPWAY_TOKEN_FILE names \/nowhere\/token, which does not exist/,
    hint: /mount the secret there/,
  },
  {
    name: 'an empty token file',
    files: { 'migrations/0001_a.sql': 'create table a (id integer);\n', token: '\n' },
    argv: ['serve', '--token-file', 'token'],
    exit: 78,
    code: 'secret-unreadable',
    message: /SLIPWAY_TOKEN_FILE names .*token, which is empty/,
    hint: /write the value into the file/,
  },
  {
    name: 'a way to fail that nobody knows',
    argv: ['serve'],
    env: { SLIPWAY_ON_FAILURE: 'restart' },
    exit: 78,
    code: 'bad-setting',
    message: /SLIPWAY_ON_FAILURE must be one of stay, exit/,
    hint: /slipway --help/,
  },
  {
    name: 'nobody serves',
    argv: ['healthcheck', '--listen', `127.0.0.1:${closed}`],
    exit: 69,
    code: 'serve-unreachable',
    message: /no serve answers at 127\.0\.0\.1, port \d+: .*ECONNREFUSED/,
    hint: /slipway serve/,
  },
  {
    name: 'somebody else serves there',
    argv: ['healthcheck', '--listen', `127.0.0.1:${portOf(foreign)}`],
    exit: 69,
    code: 'serve-unreachable',
    message: /something else answers at 127\.0\.0\.1, port \d+: HTTP status 404/,
    hint: /slipway serve/,
  },
  {
    name: 'it is not ready',
    argv: ['healthcheck', '--listen', String(portOf(unready))],
    exit: 3,
    code: 'not-ready',
    message: /^not ready: migrating$/,
    hint: /slipway status/,
  },
  {
    name: 'metrics into a folder that does not exist: nothing is migrated',
    env: path('none/slipway.prom'),
    exit: 78,
    code: 'metrics-unwritable',
    message: /no metrics can be written to .*slipway\.prom: its folder does not exist; slipway runs as \d+/,
    hint: /make its folder writable/,
  },
  {
    name: 'metrics into what is a folder',
    env: path('migrations'),
    exit: 78,
    code: 'metrics-unwritable',
    message: /it is no ordinary file/,
    hint: /name another file/,
  },
  {
    name: 'a gateway that is no URL',
    env: { SLIPWAY_PUSHGATEWAY: 'gateway:9091' },
    exit: 78,
    code: 'bad-setting',
    message: /^SLIPWAY_PUSHGATEWAY must be the URL of a Pushgateway, such as http:\/\/pushgateway:9091$/,
    hint: /slipway --help/,
  },
  {
    name: 'the password of a gateway, where everyone sees it',
    argv: ['up', '--pushgateway', 'http://pusher:gate-secret-7@127.0.0.1:9091'],
    exit: 64,
    code: 'password-in-flag',
    message: /--pushgateway holds a password/,
    hint: /export SLIPWAY_PUSHGATEWAY/,
  },
])
