/** The database as variables, for a hook that asks for it. */
import type { DatabaseUrl, PostgresUrl } from '../../config/url.ts'

/**
 * `SLIPWAY_DATABASE_URL`, and for PostgreSQL what libpq reads, so that `pg_dump` needs no arguments; what would lead it
 * elsewhere is taken out. https://www.postgresql.org/docs/current/libpq-envars.html
 */
export function databaseEnvironment(
  env: Readonly<Record<string, string>>,
  url: DatabaseUrl,
): Record<string, string> {
  const own = { SLIPWAY_DATABASE_URL: writeUrl(url) }
  if (url.dialect === 'sqlite') return { ...env, ...own }
  const elsewhere = ['PGSERVICE', 'PGHOSTADDR', 'PGPASSFILE', 'PGREQUIRESSL']
  const rest = Object.entries(env).filter(([name]) => !elsewhere.includes(name))
  return { ...Object.fromEntries(rest), ...own, ...libpqVariables(url) }
}

/** Without slipway's own parameters: any program that speaks libpq takes it. */
export function writeUrl(url: DatabaseUrl): string {
  if (url.dialect === 'sqlite') return url.shown
  const { PGHOST = '', PGPORT = '', PGUSER, PGPASSWORD, PGDATABASE, ...others } = libpqVariables(url)
  const parameters = Object.entries(others).map(
    ([name, value]) => [parameterNames[name] ?? name, value] as const,
  )
  const pairs = [['host', PGHOST], ['port', PGPORT], ...parameters] as const
  const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  const password = PGPASSWORD === undefined ? '' : `:${encodeURIComponent(PGPASSWORD)}`
  return `postgres://${encodeURIComponent(PGUSER ?? '')}${password}@/${encodeURIComponent(PGDATABASE ?? '')}?${query}`
}

const parameterNames: Readonly<Record<string, string>> = {
  PGHOSTADDR: 'hostaddr',
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLCRL: 'sslcrl',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGOPTIONS: 'options',
}

/** Passwords that differ from host to host, as a password file can have them, cannot be said in one variable. */
function libpqVariables({
  hosts,
  user,
  database,
  tls,
  target,
  options,
}: PostgresUrl): Record<string, string> {
  const passwords = new Set(hosts.map(({ password }) => password))
  const [password] = passwords.size === 1 ? passwords : []
  const addresses = hosts.map(({ address }) => address ?? '')
  const variables: Record<string, string | undefined> = {
    PGHOST: hosts.map(({ host }) => host).join(','),
    PGHOSTADDR: addresses.every((address) => address === '') ? undefined : addresses.join(','),
    PGPORT: hosts.map(({ port }) => port).join(','),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: tls.mode,
    PGSSLROOTCERT: tls.rootCert,
    PGSSLCERT: tls.cert,
    PGSSLKEY: tls.key,
    PGSSLCRL: tls.crl,
    PGTARGETSESSIONATTRS: target === 'any' ? undefined : target,
    PGOPTIONS: options,
  }
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
