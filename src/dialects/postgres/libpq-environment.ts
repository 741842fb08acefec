/** A URL as the variables that PostgreSQL's own programs read; no password ever stands among arguments. */
import type { PostgresUrl } from '../../config/url.ts'

/** https://www.postgresql.org/docs/current/libpq-envars.html; the password of a private key has no variable. */
export function libpqEnvironment(url: PostgresUrl): Record<string, string> {
  const { hosts, tls } = url
  const addresses = hosts.map(({ address }) => address ?? '')
  const variables: Record<string, string | undefined> = {
    PGHOST: hosts.map(({ host }) => host).join(','),
    PGHOSTADDR: addresses.some((address) => address !== '') ? addresses.join(',') : undefined,
    PGPORT: hosts.map(({ port }) => port).join(','),
    PGUSER: url.user,
    PGDATABASE: url.database,
    PGPASSWORD: hosts.find(({ password }) => password !== undefined)?.password,
    PGTARGETSESSIONATTRS: url.target,
    PGOPTIONS: url.options,
    PGAPPNAME: 'slipway backup',
    PGCONNECT_TIMEOUT:
      url.connectTimeoutMs === undefined ? '10' : String(Math.max(2, Math.ceil(url.connectTimeoutMs / 1000))),
    PGSSLMODE: tls.mode,
    PGSSLROOTCERT: tls.rootCert,
    PGSSLCERT: tls.cert,
    PGSSLKEY: tls.key,
    PGSSLCRL: tls.crl,
    PGSSLCRLDIR: tls.crlDir,
    PGSSLMINPROTOCOLVERSION: tls.minVersion,
    PGSSLMAXPROTOCOLVERSION: tls.maxVersion,
    PGSSLSNI: tls.sni === false ? '0' : undefined,
    PGSSLNEGOTIATION: tls.direct === true ? 'direct' : undefined,
  }
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
