import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TlsMode } from '../../../src/config/url.ts'
import { describeEncryption } from '../../../src/dialects/postgres/plaintext.ts'

interface Case {
  readonly address?: string
  readonly encryption?: string
  readonly mode?: TlsMode
  readonly method?: 'password' | 'md5' | 'scram-sha-256'
}

function describe({ address, encryption, mode = 'prefer', method = 'scram-sha-256' }: Case) {
  const place = { host: 'db.example', tls: { mode }, ...(address === undefined ? {} : { address }) }
  return describeEncryption({ encryption, auth: { done: true, method } }, place)
}

test('with TLS there is nothing to warn of', () => {
  assert.deepEqual(describe({ address: '203.0.113.7', encryption: 'TLSv1.3', method: 'password' }), {
    encryption: 'TLSv1.3',
  })
})

for (const address of [undefined, '127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
  test(`${address ?? 'a Unix socket'} is this machine`, () => {
    assert.deepEqual(describe({ ...(address === undefined ? {} : { address }), method: 'password' }), {})
  })

const near = [
  ...['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.7.7', '100.64.0.1', '169.254.1.1'],
  ...['fd00::1', 'fe80::1%eth0', '::ffff:10.1.2.3'],
]
for (const address of near)
  test(`${address} is a private network: worth a warning only where the password is readable`, () => {
    assert.deepEqual(describe({ address }), { encryption: 'none' })
    const { warnings = [] } = describe({ address, method: 'password' })
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['plaintext'],
    )
    assert.match(
      warnings[0]?.message ?? '',
      /^the password went to db\.example \(.+\) in the clear, and so does everything else; sslmode=require insists on TLS, sslmode=disable says that this is meant$/,
    )
  })

for (const address of ['203.0.113.7', '172.32.0.1', '100.128.0.1', '2001:db8::7', '::ffff:203.0.113.7'])
  test(`${address} is anywhere`, () => {
    const { encryption, warnings = [] } = describe({ address })
    assert.equal(encryption, 'none')
    assert.match(warnings[0]?.message ?? '', /^the connection to db\.example \(.+\) is not encrypted: /)
    assert.equal(warnings.length, 1)
  })

test('sslmode=disable says that it is meant', () => {
  for (const address of ['203.0.113.7', '10.1.2.3'])
    assert.deepEqual(describe({ address, mode: 'disable', method: 'password' }), { encryption: 'none' })
})
