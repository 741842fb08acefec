/** A PostgreSQL server that speaks TLS, with a role for each way of being let in. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Authority, type Certificate, createAuthority } from './certificates.ts'
import { testPassword } from './password.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

export interface TlsServer extends AsyncDisposable {
  readonly server: PostgresServer
  readonly authority: Authority
  /** For db.example, localhost and 127.0.0.1. */
  readonly certificate: Certificate
  /** Roles, who all have the test's password: see `rules`. */
  url(role: Role, parameters?: string): string
}

export type Role = keyof typeof rules

/** In the order of pg_hba.conf; what is not here is refused. */
const rules = {
  postgres: ['host all postgres 127.0.0.1/32 scram-sha-256'],
  tls_only: ['hostssl all tls_only 127.0.0.1/32 scram-sha-256'],
  plain_only: ['hostnossl all plain_only 127.0.0.1/32 scram-sha-256'],
  by_certificate: ['hostssl all by_certificate 127.0.0.1/32 cert'],
  with_certificate: ['hostssl all with_certificate 127.0.0.1/32 scram-sha-256 clientcert=verify-ca'],
  in_the_clear: ['host all in_the_clear 127.0.0.1/32 password'],
  by_md5: ['host all by_md5 127.0.0.1/32 md5'],
  unasked: ['host all unasked 127.0.0.1/32 trust'],
  kept_out: ['host all kept_out 127.0.0.1/32 reject'],
} as const

export async function startTlsServer(major: number): Promise<TlsServer> {
  const authority = await createAuthority()
  const certificate = await authority.issue({
    name: 'db.example',
    alternatives: ['DNS:db.example', 'DNS:localhost', 'IP:127.0.0.1'],
    forServer: true,
  })
  const access = join(authority.dir, 'pg_hba.conf')
  writeFileSync(access, `${Object.values(rules).flat().join('\n')}\n`)
  chmodSync(access, 0o644)
  const server = await startPostgres({
    major,
    settings: {
      hba_file: access,
      ssl: 'on',
      ssl_cert_file: certificate.cert,
      ssl_key_file: certificate.key,
      ssl_ca_file: authority.root,
      ...(major < 18 ? {} : { md5_password_warnings: 'off' }),
    },
  })
  const literal = `'${testPassword().replaceAll("'", "''")}'`
  for (const role of Object.keys(rules).filter((name) => name !== 'postgres')) {
    const encryption = role === 'by_md5' ? 'md5' : 'scram-sha-256'
    await server.query(
      'postgres',
      `set password_encryption = '${encryption}'; create role ${role} login password ${literal}`,
    )
  }
  return {
    server,
    authority,
    certificate,
    url: (role, parameters = '') =>
      `${server.url('postgres', { user: role, password: testPassword() })}?${parameters}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      authority[Symbol.dispose]()
    },
  }
}
