/** libpq's ssl* parameters: https://www.postgresql.org/docs/current/libpq-ssl.html */
import { join } from 'node:path'
import { type Parameters, readWord, refuseGiven, resolveGiven, unknownWord } from './given.ts'
import type { Keyword } from './libpq-parameters.ts'
import type { TlsMode, TlsSettings, TlsVersion } from './url.ts'
import type { UrlContext } from './url-problem.ts'

const tlsModes: readonly TlsMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']
const tlsVersions: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']
const strictModes: readonly TlsMode[] = ['require', 'verify-ca', 'verify-full']

/** Throws bad-url or bad-setting. Files are looked at when a connection is made, not here. */
export function readTls(parameters: Parameters, context: UrlContext): TlsSettings {
  const rootCert = parameters('sslrootcert')?.text
  const mode = readMode(parameters)
  const path = (keyword: Keyword) => {
    const given = parameters(keyword)
    return given === undefined ? undefined : resolveGiven(given, context)
  }
  const home = context.surroundings?.home
  return withoutUndefined({
    mode,
    direct: readNegotiation(parameters, mode),
    rootCert: rootCert === 'system' ? rootCert : path('sslrootcert'),
    cert: path('sslcert'),
    key: readKeyPath(parameters, path),
    keyPassword: parameters('sslpassword')?.text,
    sendsCert: readCertMode(parameters),
    crl: path('sslcrl'),
    crlDir: path('sslcrldir'),
    ...readVersions(parameters),
    sni: readWord(parameters, 'sslsni', ['0', '1']) === '0' ? (false as const) : undefined,
    defaults: home === undefined ? undefined : join(home, '.postgresql'),
  })
}

/** The certificates of the system prove nothing unless the name is checked too, so libpq allows no weaker mode. */
function readMode(parameters: Parameters): TlsMode {
  const rootCert = parameters('sslrootcert')
  const mode = readWrittenMode(parameters)
  if (rootCert?.text !== 'system') return mode ?? 'prefer'
  if (mode !== undefined && mode !== 'verify-full')
    throw refuseGiven(
      rootCert,
      `has sslrootcert=system with the weaker sslmode=${mode}`,
      'sslmode=verify-full',
    )
  return 'verify-full'
}

function readWrittenMode(parameters: Parameters): TlsMode | undefined {
  const given = parameters('sslmode')
  if (given?.text !== 'no-verify') return readWord(parameters, 'sslmode', tlsModes)
  const problem = `has an unknown sslmode; known are ${tlsModes.join(', ')}`
  throw refuseGiven(given, problem, 'what node-postgres calls no-verify is sslmode=require')
}

function readNegotiation(parameters: Parameters, mode: TlsMode): true | undefined {
  const given = parameters('sslnegotiation')
  if (readWord(parameters, 'sslnegotiation', ['postgres', 'direct']) !== 'direct') return undefined
  if (given === undefined || strictModes.includes(mode)) return true
  throw refuseGiven(given, `has sslnegotiation=direct with the weaker sslmode=${mode}`, 'sslmode=require')
}

function readKeyPath(
  parameters: Parameters,
  path: (keyword: Keyword) => string | undefined,
): string | undefined {
  const given = parameters('sslkey')
  if (given === undefined || given.text.startsWith('/') || !/^\w+:/.test(given.text)) return path('sslkey')
  throw refuseGiven(
    given,
    'names a key inside an OpenSSL engine, which slipway cannot use',
    'name a file in sslkey',
  )
}

/** Whether the server asked for our certificate is not told by Node, so `require` could not be kept. */
function readCertMode(parameters: Parameters): false | undefined {
  const given = parameters('sslcertmode')
  const mode = readWord(parameters, 'sslcertmode', ['disable', 'allow', 'require'])
  if (mode === 'require' && given !== undefined)
    throw refuseGiven(given, 'has sslcertmode=require, which slipway cannot check', 'sslcertmode=allow')
  return mode === 'disable' ? false : undefined
}

function readVersions(parameters: Parameters): Pick<TlsSettings, 'minVersion' | 'maxVersion'> {
  const minVersion = readVersion(parameters, 'ssl_min_protocol_version')
  const maxVersion = readVersion(parameters, 'ssl_max_protocol_version')
  const given = parameters('ssl_max_protocol_version')
  const lowest = tlsVersions.indexOf(minVersion ?? 'TLSv1.2')
  if (given !== undefined && maxVersion !== undefined && tlsVersions.indexOf(maxVersion) < lowest)
    throw refuseGiven(given, 'has an ssl_max_protocol_version below the lowest allowed (TLSv1.2 unless told)')
  return withoutUndefined({ minVersion, maxVersion })
}

function readVersion(parameters: Parameters, keyword: Keyword): TlsVersion | undefined {
  const given = parameters(keyword)
  if (given === undefined) return undefined
  const version = tlsVersions.find((known) => known.toLowerCase() === given.text.toLowerCase())
  if (version === undefined) throw unknownWord(given, keyword, tlsVersions)
  return version
}

type Defined<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>
}

/** Drops what was not given, as `exactOptionalPropertyTypes` wants it. */
export function withoutUndefined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>
}
