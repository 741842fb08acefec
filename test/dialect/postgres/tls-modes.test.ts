/** Each sslmode against servers with and without TLS, as https://www.postgresql.org/docs/current/libpq-ssl.html has it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connectBy, encryptionBy, failureBy } from '../../helpers/connect.ts'
import { postgresMajors, sharedPostgres } from '../../helpers/postgres.ts'
import { startTlsServer, type TlsServer } from '../../helpers/tls-server.ts'

for (const major of postgresMajors)
  describe(`PostgreSQL ${major}`, () => {
    let tls: TlsServer
    before(async () => {
      tls = await startTlsServer(major)
    })
    after(() => tls[Symbol.asyncDispose]())

    for (const [mode, expected] of [
      ['disable', 'plaintext'],
      ['allow', 'plaintext'],
      ['prefer', 'TLSv1.3'],
      ['require', 'TLSv1.3'],
      ['verify-ca', 'TLSv1.3'],
      ['verify-full', 'TLSv1.3'],
    ] as const)
      test(`${mode} with a server that has TLS`, async () => {
        const roots = mode.startsWith('verify') ? `&sslrootcert=${tls.authority.root}` : ''
        assert.equal(await encryptionBy(tls.url('postgres', `sslmode=${mode}${roots}`)), expected)
      })

    for (const [mode, expected] of [
      ['disable', 'plaintext'],
      ['allow', 'plaintext'],
      ['prefer', 'plaintext'],
      ['require', /^tls: sslmode=require, but the server does not offer TLS$/],
      ['verify-ca', /^tls: sslmode=verify-ca, but/],
      ['verify-full', /^tls: sslmode=verify-full, but/],
    ] as const)
      test(`${mode} with a server that has none`, async () => {
        const url = `${(await sharedPostgres(major)).url()}?sslmode=${mode}&sslrootcert=${tls.authority.root}`
        if (typeof expected === 'string') assert.equal(await encryptionBy(url), expected)
        else assert.match(await failureBy(url), expected)
      })

    test('the server says the same of the session', async () => {
      for (const [mode, expected] of [
        ['require', true],
        ['disable', false],
      ] as const) {
        await using _ = await connectBy(tls.url('postgres', `sslmode=${mode}&application_name=${mode}`))
        const rows = await tls.server.query(
          'postgres',
          'select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = $1',
          [`slipway/test ${mode}`],
        )
        assert.deepEqual(rows, [{ ssl: expected }])
      }
    })

    test('allow asks for TLS where the server insists on it', async () => {
      assert.equal(await encryptionBy(tls.url('tls_only', 'sslmode=allow')), 'TLSv1.3')
    })

    test('prefer does without where the server refuses TLS', async () => {
      assert.equal(await encryptionBy(tls.url('plain_only', 'sslmode=prefer')), 'plaintext')
    })

    test('no other mode gives in', async () => {
      const refused = (encryption: string) => new RegExp(`^auth: no pg_hba.conf entry .*${encryption}`)
      const noTls = major >= 14 ? 'no encryption' : 'SSL off'
      assert.match(await failureBy(tls.url('tls_only', 'sslmode=disable')), refused(noTls))
      assert.match(await failureBy(tls.url('plain_only', 'sslmode=require')), refused('SSL'))
    })

    test('where both ways are refused, both answers are told', async () => {
      const message =
        /^auth: pg_hba.conf rejects .*SSL encryption; without TLS: pg_hba.conf rejects .*no encryption$/
      if (major >= 14) assert.match(await failureBy(tls.url('kept_out', 'sslmode=prefer')), message)
    })

    test('a wrong password is told once', async () => {
      const url = tls.url('tls_only').replace(/:[^:@]*@/, ':wrong@')
      assert.match(
        await failureBy(url.replace('?', '?sslmode=require')),
        /^auth: password authentication failed for user "tls_only"$/,
      )
    })

    test('without an sslmode it is prefer', async () => {
      assert.equal(await encryptionBy(tls.url('postgres')), 'TLSv1.3')
    })
  })
