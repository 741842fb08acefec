/** Whether the server is the one it should be: authorities, names, dates, revocation. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Authority, type CertificateRequest, createAuthority } from '../../helpers/certificates.ts'
import { type ConnectOptions, encryptionBy, failureBy } from '../../helpers/connect.ts'
import { newestMajor, type PostgresServer, sharedPostgres } from '../../helpers/postgres.ts'
import { startTlsFront, type TlsFront, type TlsFrontOptions } from '../../helpers/tls-front.ts'
import { createWorkspace, type Workspace } from '../../helpers/workspace.ts'

let authority: Authority
let stranger: Authority
let server: PostgresServer
let workspace: Workspace

before(async () => {
  ;[authority, stranger, server] = await Promise.all([
    createAuthority(),
    createAuthority(),
    sharedPostgres(newestMajor),
  ])
  workspace = createWorkspace()
})
after(() => {
  for (const each of [authority, stranger, workspace]) each[Symbol.dispose]()
})

const proper: CertificateRequest = { name: 'db.example', alternatives: ['DNS:db.example'] }

/** A front with a certificate, and its URL under a name that leads to 127.0.0.1. */
async function openFront(
  request: CertificateRequest = proper,
  more: Partial<TlsFrontOptions> = {},
): Promise<TlsFront & { url(host: string, parameters: string): string }> {
  const certificate = await authority.issue(request)
  const front = await startTlsFront({ certificate, target: server, ...more })
  return Object.assign(front, {
    url: (host: string, parameters: string) => {
      const address = /^[\d.]+$/.test(host) ? '' : '&hostaddr=127.0.0.1'
      return server.url('postgres').replace(/@.*/, `@${host}:${front.port}/postgres?${parameters}${address}`)
    },
  })
}

const verifyFull = () => `sslmode=verify-full&sslrootcert=${authority.root}`
const verifyCa = () => `sslmode=verify-ca&sslrootcert=${authority.root}`

interface Case {
  readonly name: string
  readonly certificate?: CertificateRequest
  readonly host?: string
  readonly parameters: () => string
  readonly options?: () => ConnectOptions
  /** How it fails; otherwise it must connect with TLS. */
  readonly fails?: RegExp
}

const unsigned = /^tls: the server's certificate is not signed by a CA in \/.*\.crt$/

const byAddress = (name: string, certificate: CertificateRequest, fails?: RegExp): Case => ({
  name,
  certificate,
  host: '127.0.0.1',
  parameters: verifyFull,
  ...(fails === undefined ? {} : { fails }),
})

const cases: readonly Case[] = [
  { name: 'the right name', parameters: verifyFull },
  {
    name: 'a name under a wildcard',
    certificate: { name: 'x', alternatives: ['DNS:*.example'] },
    parameters: verifyFull,
  },
  {
    name: 'a wildcard is one label',
    certificate: { name: 'x', alternatives: ['DNS:*.example'] },
    host: 'a.db.example',
    parameters: verifyFull,
    fails: /is for \*\.example, not for a\.db\.example$/,
  },
  { name: 'a common name, for want of others', certificate: { name: 'db.example' }, parameters: verifyFull },
  {
    name: 'a common name beside others does not count',
    certificate: { name: 'db.example', alternatives: ['DNS:other.example'] },
    parameters: verifyFull,
    fails: /^tls: the server's certificate is for other\.example, not for db\.example$/,
  },
  {
    name: 'a name with an umlaut',
    certificate: { name: 'x', alternatives: ['DNS:xn--bcher-kva.example'] },
    host: 'bücher.example',
    parameters: verifyFull,
  },
  {
    name: 'another name',
    host: 'other.example',
    parameters: verifyFull,
    fails: /^tls: the server's certificate is for db\.example, not for other\.example$/,
  },
  { name: 'another name with verify-ca', host: 'other.example', parameters: verifyCa },
  byAddress('an address', { name: 'x', alternatives: ['IP:127.0.0.1'] }),
  byAddress('an address as a DNS name, as libpq takes it', { name: 'x', alternatives: ['DNS:127.0.0.1'] }),
  byAddress('an address as the common name, as libpq takes it', {
    name: '127.0.0.1',
    alternatives: ['DNS:db.example'],
  }),
  byAddress(
    'another address',
    { name: '127.0.0.1', alternatives: ['IP:127.0.0.9'] },
    /is for 127\.0\.0\.9, not for 127\.0\.0\.1$/,
  ),
  {
    name: 'another authority',
    parameters: () => `sslmode=verify-full&sslrootcert=${stranger.root}`,
    fails: unsigned,
  },
  {
    name: 'another authority with verify-ca',
    parameters: () => `sslmode=verify-ca&sslrootcert=${stranger.root}`,
    fails: unsigned,
  },
  {
    name: 'require with an authority is verify-ca',
    parameters: () => `sslmode=require&sslrootcert=${stranger.root}`,
    fails: unsigned,
  },
  { name: 'require without an authority verifies nothing', parameters: () => 'sslmode=require' },
  {
    name: 'require with an authority in the home folder is verify-ca',
    parameters: () => 'sslmode=require',
    options: () => ({ home: homeWith({ 'root.crt': stranger.root }) }),
    fails: unsigned,
  },
  {
    name: 'verify-full with an authority in the home folder',
    parameters: () => 'sslmode=verify-full',
    options: () => ({ home: homeWith({ 'root.crt': authority.root }) }),
  },
  {
    name: 'the list of the system does not have a test authority',
    parameters: () => 'sslrootcert=system',
    fails: /^tls: the server's certificate is not signed by a CA in the list of this system$/,
  },
  {
    name: 'verify-full without any authority',
    parameters: () => 'sslmode=verify-full',
    options: () => ({ home: '/nowhere' }),
    fails:
      /^tls-file: sslmode=verify-full needs root certificates: no sslrootcert is given, and there is no \/nowhere\/\.postgresql\/root\.crt$/,
  },
  {
    name: 'an authority that is not there',
    parameters: () => 'sslmode=require&sslrootcert=/nowhere/root.crt',
    fails: /^tls-file: \/nowhere\/root\.crt \(sslrootcert\), which does not exist \(we are uid \d+\)$/,
  },
  {
    name: 'an authority that is none',
    parameters: () => 'sslmode=require&sslrootcert=/dev/null',
    fails: /^tls-file: \/dev\/null \(sslrootcert\) holds no certificate in PEM form$/,
  },
  {
    name: 'an authority that is damaged',
    parameters: () =>
      `sslmode=require&sslrootcert=${fileWith('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')}`,
    fails: /^(tls-file: sslrootcert cannot be used|tls: the server's certificate is not signed)/,
  },
  {
    name: 'a certificate of yesterday',
    certificate: { ...proper, expired: true },
    parameters: verifyCa,
    fails: /^tls: the server's certificate has expired$/,
  },
  {
    name: 'a certificate of yesterday that nobody looks at',
    certificate: { ...proper, expired: true },
    parameters: () => 'sslmode=require',
  },
]

for (const { name, certificate, host = 'db.example', parameters, options, fails } of cases)
  test(name, async () => {
    await using front = await openFront(certificate)
    const url = front.url(host, parameters())
    if (fails !== undefined) assert.match(await failureBy(url, options?.()), fails)
    else assert.equal(await encryptionBy(url, options?.()), 'TLSv1.3')
  })

test('prefer does without TLS if the certificate is not that of a known authority, as libpq does', async () => {
  await using front = await openFront()
  const home = homeWith({ 'root.crt': stranger.root })
  // The front cannot do without: what counts is that it was asked, and what is told.
  const message = await failureBy(front.url('db.example', 'sslmode=prefer'), { home, timeoutMs: 2000 })
  assert.match(message, /not signed by a CA in .*root\.crt; without TLS: /)
  assert.equal(front.connections, 2)
})

test('revoked certificates', async () => {
  const certificate = await authority.issue(proper)
  await using front = await startTlsFront({ certificate, target: server })
  const url = (parameters: string) =>
    server.url('postgres').replace(/@.*/, `@127.0.0.1:${front.port}/postgres?${verifyCa()}&${parameters}`)
  const empty = await authority.revoke()
  assert.equal(await encryptionBy(url(`sslcrl=${empty}`)), 'TLSv1.3')
  const full = await authority.revoke(certificate)
  const revoked = /^tls: the server's certificate was revoked$/
  assert.match(await failureBy(url(`sslcrl=${full}`)), revoked)
  assert.match(await failureBy(url(''), { home: homeWith({ 'root.crl': full }) }), revoked)
  const folder = workspace.path('lists')
  mkdirSync(folder)
  copyFileSync(full, join(folder, '0123abcd.r0'))
  assert.match(await failureBy(url(`sslcrldir=${folder}`)), revoked)
  // Without an authority nothing is checked, revocation neither.
  const unchecked = url(`sslcrl=${full}&sslmode=require`).replace(/&?sslrootcert=[^&]*/, '')
  assert.equal(await encryptionBy(unchecked), 'TLSv1.3')
  const foreign = await stranger.revoke()
  assert.match(await failureBy(url(`sslcrl=${foreign}`)), /^tls: there is no revocation list of the CA/)
  assert.match(await failureBy(url('sslcrl=/nowhere/a.crl')), /^tls-file: .*\(sslcrl\), which does not exist/)
  assert.match(await failureBy(url(`sslcrl=${authority.root}`)), /\(sslcrl\) holds no revocation list/)
  assert.match(await failureBy(url(`sslcrldir=${authority.dir}`)), /\(sslcrldir\) holds no revocation list$/)
})

test('the name is sent, unless it is an address or sslsni=0', async () => {
  await using front = await openFront()
  for (const [host, parameters] of [
    ['db.example', 'sslmode=require'],
    ['db.example', 'sslmode=require&sslsni=0'],
    ['127.0.0.1', 'sslmode=require'],
  ] as const)
    await encryptionBy(front.url(host, parameters))
  assert.deepEqual(front.names, ['db.example', false, false])
})

test('versions of TLS', async () => {
  await using old = await openFront(proper, { tls: { maxVersion: 'TLSv1.2' } })
  assert.equal(await encryptionBy(old.url('db.example', 'sslmode=require')), 'TLSv1.2')
  const tooNew = 'sslmode=require&ssl_min_protocol_version=TLSv1.3'
  assert.match(
    await failureBy(old.url('db.example', tooNew)),
    /^tls: the server ended the TLS handshake: protocol version$/,
  )
  await using recent = await openFront()
  const limited = 'sslmode=require&ssl_max_protocol_version=TLSv1.2'
  assert.equal(await encryptionBy(recent.url('db.example', limited)), 'TLSv1.2')
})

test('sslnegotiation=direct needs a server that knows the protocol', async () => {
  await using knowing = await openFront(proper, { direct: { protocols: ['postgresql'] } })
  await using ignorant = await openFront(proper, { direct: { protocols: [] } })
  const direct = 'sslmode=require&sslnegotiation=direct'
  assert.equal(await encryptionBy(knowing.url('db.example', direct)), 'TLSv1.3')
  assert.match(
    await failureBy(ignorant.url('db.example', direct)),
    /^tls: .*(did not agree on the protocol|no application protocol)/,
  )
})

function homeWith(files: Readonly<Record<string, string>>): string {
  const home = workspace.path(
    `home-${Object.keys(files).join('-')}-${Object.values(files)
      .map((path) => basename(join(path, '..')))
      .join('-')}`,
  )
  mkdirSync(join(home, '.postgresql'), { recursive: true })
  for (const [name, path] of Object.entries(files)) copyFileSync(path, join(home, '.postgresql', name))
  return home
}

function fileWith(text: string): string {
  const path = workspace.path('damaged.pem')
  writeFileSync(path, text)
  return path
}
