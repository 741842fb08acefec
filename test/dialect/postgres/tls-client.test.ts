/** How we prove who we are: client certificates, their keys, and the methods that require_auth allows. */
import assert from 'node:assert/strict'
import { chmodSync, chownSync, copyFileSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Certificate, createAuthority } from '../../helpers/certificates.ts'
import { encryptionBy, failureBy } from '../../helpers/connect.ts'
import { testPassword } from '../../helpers/password.ts'
import { startRelay } from '../../helpers/relay.ts'
import { newestMajor } from '../../helpers/postgres.ts'
import { type Role, startTlsServer, type TlsServer } from '../../helpers/tls-server.ts'
import { createWorkspace, type Workspace } from '../../helpers/workspace.ts'

const keyPassword = 'open sesame'
let tls: TlsServer
let workspace: Workspace
let ours: Certificate
let locked: Certificate
let foreign: Certificate

before(async () => {
  workspace = createWorkspace()
  tls = await startTlsServer(newestMajor)
  using stranger = await createAuthority()
  ours = await tls.authority.issue({ name: 'by_certificate' })
  locked = await tls.authority.issue({ name: 'by_certificate', keyPassword })
  const { cert, key } = await stranger.issue({ name: 'by_certificate' })
  foreign = { cert: workspace.path('foreign.crt'), key: workspace.path('foreign.key') }
  copyFileSync(cert, foreign.cert)
  copyFileSync(key, foreign.key)
})
after(async () => {
  await tls[Symbol.asyncDispose]()
  workspace[Symbol.dispose]()
})

/** Without a password. */
const bare = (role: Role, parameters: string) => tls.url(role, parameters).replace(/:[^:@]*@/, '@')
const withFiles = ({ cert, key }: Certificate) => `sslmode=require&sslcert=${cert}&sslkey=${key}`

test('a certificate is all it takes', async () => {
  assert.equal(await encryptionBy(bare('by_certificate', withFiles(ours))), 'TLSv1.3')
})

test('a certificate in the home folder', async () => {
  const home = workspace.path('home')
  mkdirSync(join(home, '.postgresql'), { recursive: true })
  copyFileSync(ours.cert, join(home, '.postgresql/postgresql.crt'))
  const url = bare('by_certificate', 'sslmode=require')
  assert.match(
    await failureBy(url, { home }),
    /^tls-file: .*postgresql\.crt \(sslcert\) has no private key: no sslkey is given$/,
  )
  copyFileSync(ours.key, join(home, '.postgresql/postgresql.key'))
  assert.equal(await encryptionBy(url, { home }), 'TLSv1.3')
  assert.match(
    await failureBy(`${url}&sslcertmode=disable`, { home }),
    /^auth: connection requires a valid client certificate$/,
  )
})

test('by the variables of libpq', async () => {
  const variables = {
    PGSSLCERT: ours.cert,
    PGSSLKEY: ours.key,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: tls.authority.root,
  }
  assert.equal(await encryptionBy(bare('by_certificate', ''), { variables }), 'TLSv1.3')
})

test('no certificate where one is wanted', async () => {
  assert.match(
    await failureBy(bare('by_certificate', 'sslmode=require')),
    /^auth: connection requires a valid client certificate$/,
  )
  assert.match(
    await failureBy(tls.url('with_certificate', 'sslmode=require')),
    /^auth: connection requires a valid client certificate$/,
  )
  assert.equal(await encryptionBy(tls.url('with_certificate', withFiles(ours))), 'TLSv1.3')
})

test('a certificate that the server does not know is a matter of TLS', async () => {
  assert.match(
    await failureBy(bare('by_certificate', withFiles(foreign))),
    /^tls: the server ended the TLS handshake: unknown ca$/,
  )
})

test('an encrypted key', async () => {
  const url = bare('by_certificate', withFiles(locked))
  assert.match(await failureBy(url), /^tls-file: sslkey is encrypted, and no sslpassword is given$/)
  assert.match(
    await failureBy(`${url}&sslpassword=wrong`),
    /^tls-file: sslkey with this sslpassword cannot be used: /,
  )
  assert.equal(await encryptionBy(`${url}&sslpassword=${encodeURIComponent(keyPassword)}`), 'TLSv1.3')
})

test('a key that others can read is not used', async () => {
  const key = workspace.path('open.key')
  copyFileSync(ours.key, key)
  const url = bare('by_certificate', withFiles({ cert: ours.cert, key }))
  const refused = (mode: string) =>
    new RegExp(
      `^tls-file: .*open\\.key \\(sslkey\\) may be read by others: mode ${mode}, owner \\d+:\\d+, we are uid \\d+$`,
    )
  for (const [mode, shown] of [
    [0o644, '0644'],
    [0o604, '0604'],
    [0o660, '0660'],
  ] as const) {
    chmodSync(key, mode)
    assert.match(await failureBy(url), refused(shown))
  }
  chmodSync(key, 0o640)
  // Of root it may be shared with a group; of anybody else it may not.
  if (statSync(key).uid !== 0) return assert.match(await failureBy(url), refused('0640'))
  assert.equal(await encryptionBy(url), 'TLSv1.3')
  chownSync(key, 65_534, 65_534)
  assert.match(await failureBy(url), refused('0640'))
})

test('files that are not there, are no files, or do not belong together', async () => {
  const { cert, key } = ours
  for (const [files, expected] of [
    [{ cert: '/nowhere/c.crt', key }, /^tls-file: \/nowhere\/c\.crt \(sslcert\), which does not exist/],
    [{ cert, key: '/nowhere/k.key' }, /^tls-file: \/nowhere\/k\.key \(sslkey\), which does not exist/],
    [{ cert, key: workspace.dir }, /^tls-file: .* \(sslkey\), which cannot be read \(EISDIR\)/],
    [{ cert, key: cert }, /^tls-file: .*\(sslkey\) may be read by others/],
    [{ cert: key, key }, /^tls-file: sslcert cannot be used: /],
    [
      { cert, key: foreign.key },
      /^tls-file: sslkey with this sslcert cannot be used: .*key values mismatch/i,
    ],
  ] as const)
    assert.match(await failureBy(bare('by_certificate', withFiles(files))), expected)
})

const otherPassword = tlsUrlWith('require_auth')

test('require_auth lets in only by the methods it names', async () => {
  for (const [role, allowed] of [
    ['postgres', 'scram-sha-256'],
    ['postgres', '!password,!md5'],
    ['in_the_clear', 'password'],
    ['by_md5', 'md5,password'],
    ['unasked', 'none'],
    ['unasked', '!password'],
  ] as const)
    assert.equal(await encryptionBy(otherPassword(role, allowed)), 'TLSv1.3', `${role} ${allowed}`)
  for (const [role, allowed, expected] of [
    [
      'in_the_clear',
      'scram-sha-256',
      /^auth: the server asks for password authentication, which require_auth does not allow$/,
    ],
    ['in_the_clear', '!password', /asks for password authentication/],
    ['by_md5', 'scram-sha-256', /asks for md5 authentication/],
    ['postgres', 'none', /asks for scram-sha-256 authentication/],
    ['unasked', 'scram-sha-256', /lets us in without asking, which require_auth does not allow$/],
    ['unasked', '!none', /lets us in without asking/],
  ] as const)
    assert.match(await failureBy(otherPassword(role, allowed)), expected, `${role} ${allowed}`)
})

test('a password is not told to a server that asks for it in a way that is not allowed', async () => {
  await using relay = await startRelay(tls.server)
  const through = (parameters: string) =>
    tls.url('in_the_clear', `sslmode=disable${parameters}`).replace(/:\d+\//, `:${relay.port}/`)
  await failureBy(through('&require_auth=scram-sha-256'))
  assert.equal(relay.sent().includes(testPassword()), false)
  await encryptionBy(through(''))
  assert.equal(relay.sent().includes(testPassword()), true)
})

function tlsUrlWith(parameter: string) {
  return (role: Role, value: string) => tls.url(role, `sslmode=require&${parameter}=${value}`)
}
