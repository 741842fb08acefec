/** Certificates, keys and revocation lists, found and judged as libpq does. They are read anew for each connection. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, rootCertificates, type SecureContextOptions } from 'node:tls'
import { describeAccess, describeObstacle } from '../../config/file-obstacle.ts'
import type { TlsSettings } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'

export interface TlsFiles extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'crl'> {
  /** The server's certificate is checked against `ca`. */
  readonly verifies: boolean
}

/** Throws SlipwayError tls-file. */
export function readTlsFiles(tls: TlsSettings): TlsFiles {
  const roots = readRoots(tls)
  return { ...roots, ...(roots.verifies ? readRevocations(tls) : {}), ...readClientCertificate(tls) }
}

/** With root certificates at hand libpq verifies in every mode; without, only the verify modes insist on them. */
function readRoots(tls: TlsSettings): TlsFiles {
  const { mode, rootCert } = tls
  if (rootCert === 'system') return { ca: trustedBySystem(), verifies: true }
  const path = rootCert ?? findDefault(tls, 'root.crt')
  if (path !== undefined) {
    const ca = readText(path, 'sslrootcert')
    if (ca.includes('CERTIFICATE-----')) return { ca, verifies: true }
    throw unusable(`${path} (sslrootcert) holds no certificate in PEM form`)
  }
  if (mode !== 'verify-ca' && mode !== 'verify-full') return { verifies: false }
  const where = tls.defaults === undefined ? '' : `, and there is no ${join(tls.defaults, 'root.crt')}`
  throw unusable(`sslmode=${mode} needs root certificates: no sslrootcert is given${where}`, {
    hint: 'sslrootcert=system for a public CA (with sslmode=verify-full), or sslrootcert=/path/to/ca.pem',
  })
}

/** Slim images have no store of their own; Node brings Mozilla's. */
function trustedBySystem(): string[] {
  const system = getCACertificates('system')
  // Most systems have each of them twice, in a bundle and in a folder.
  return [...new Set([...(system.length > 0 ? system : rootCertificates), ...getCACertificates('extra')])]
}

/** A list is not required to be there unless it is named. */
function readRevocations(tls: TlsSettings): { crl?: string[] } {
  const file = tls.crl ?? (tls.crlDir === undefined ? findDefault(tls, 'root.crl') : undefined)
  const lists = file === undefined ? [] : readLists(file, 'sslcrl')
  if (tls.crlDir !== undefined) lists.push(...readListFolder(tls.crlDir))
  return lists.length === 0 ? {} : { crl: lists }
}

function readLists(path: string, what: string): string[] {
  const lists = readText(path, what).match(/-----BEGIN X509 CRL-----.*?-----END X509 CRL-----/gs)
  if (lists === null) throw unusable(`${path} (${what}) holds no revocation list in PEM form`)
  return [...lists]
}

/** As `openssl rehash` names them. Without any, every certificate would be refused, so that is said here. */
function readListFolder(folder: string): string[] {
  const names = readFolder(folder).filter((name) => /^[0-9a-f]{8}\.r\d+$/.test(name))
  if (names.length > 0) return names.flatMap((name) => readLists(join(folder, name), 'sslcrldir'))
  throw unusable(`${folder} (sslcrldir) holds no revocation list`, { hint: `openssl rehash ${folder}` })
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw unreadable(folder, 'sslcrldir', error)
  }
}

function readClientCertificate(tls: TlsSettings): Pick<TlsFiles, 'cert' | 'key' | 'passphrase'> {
  const path = tls.sendsCert === false ? undefined : (tls.cert ?? findDefault(tls, 'postgresql.crt'))
  if (path === undefined) return {}
  const cert = readText(path, 'sslcert')
  const keyPath = tls.key ?? findDefault(tls, 'postgresql.key')
  if (keyPath === undefined)
    throw unusable(`${path} (sslcert) has no private key: no sslkey is given`, {
      hint: 'sslkey=/path/to/key.pem',
    })
  const key = readText(keyPath, 'sslkey')
  requirePrivate(keyPath)
  return {
    cert,
    key,
    ...(tls.keyPassword === undefined ? {} : { passphrase: tls.keyPassword }),
  }
}

/** A key that belongs to root may be read by its group: that is how it is shared with a service. */
function requirePrivate(path: string): void {
  const stats = statSync(path)
  if (!stats.isFile()) throw unusable(`${path} (sslkey) is not a plain file`)
  const open = stats.uid === 0 ? 0o037 : 0o077
  if ((stats.mode & open) === 0) return
  throw unusable(`${path} (sslkey) may be read by others: ${describeAccess(stats)}`, {
    hint: `chmod 0600 ${path}, or 0640 where root owns it (in Kubernetes: defaultMode: 0640 and fsGroup)`,
  })
}

/** One that cannot even be looked at, below a home that is not ours, is as good as absent. */
function findDefault({ defaults }: TlsSettings, name: string): string | undefined {
  if (defaults === undefined) return undefined
  const path = join(defaults, name)
  try {
    statSync(path)
    return path
  } catch {
    return undefined
  }
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unreadable(path, what, error)
  }
}

function unreadable(path: string, what: string, error: unknown): SlipwayError {
  return unusable(`${path} (${what}), ${describeObstacle(path, error)}`, { cause: error })
}

export function unusable(message: string, facts: { hint?: string; cause?: unknown } = {}): SlipwayError {
  return new SlipwayError('tls-file', message, facts)
}
