/** What Node needs for TLS, made of the files. */
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsSettings } from '../../config/url.ts'
import { messageOf } from '../../errors.ts'
import { readTlsFiles, type TlsFiles, unusable } from './tls-files.ts'

export interface TlsContext {
  readonly secureContext: SecureContext
  readonly verifies: boolean
}

/** A run connects several times, most often with the same files, and the list of a system takes long to load. */
let latest: { readonly made: string; readonly context: TlsContext } | undefined

/** Throws SlipwayError tls-file. The files are read anew, as they may be replaced while a run waits. */
export function openTlsContext(tls: TlsSettings): TlsContext {
  const files = readTlsFiles(tls)
  const { verifies, ...options } = { ...files, ...versionsOf(tls) }
  const made = JSON.stringify([verifies, options])
  if (latest?.made !== made) {
    const secureContext = createContext(options, tls)
    latest = { made, context: { secureContext, verifies } }
  }
  return latest.context
}

function versionsOf({ minVersion = 'TLSv1.2', maxVersion }: TlsSettings): SecureContextOptions {
  return { minVersion, ...(maxVersion === undefined ? {} : { maxVersion }) }
}

function createContext(options: SecureContextOptions, tls: TlsSettings): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    blameFile(options as TlsFiles, tls)
    throw unusable(`TLS cannot be set up: ${firstLine(error)}`, { cause: error })
  }
}

/** OpenSSL says that something is wrong, not with which of the files. */
function blameFile({ ca, cert, key, passphrase, crl }: Omit<TlsFiles, 'verifies'>, tls: TlsSettings): void {
  if (ca !== undefined) tryPart('sslrootcert', { ca })
  if (crl !== undefined) tryPart('sslcrl', { crl })
  if (cert !== undefined) tryPart('sslcert', { cert })
  if (cert === undefined || key === undefined) return
  const encrypted = String(key).includes('ENCRYPTED')
  if (encrypted && tls.keyPassword === undefined)
    throw unusable('sslkey is encrypted, and no sslpassword is given', { hint: 'sslpassword=…' })
  const secret = passphrase === undefined ? {} : { passphrase }
  tryPart(encrypted ? 'sslkey with this sslpassword' : 'sslkey', { key, ...secret })
  tryPart('sslkey with this sslcert', { cert, key, ...secret })
}

function tryPart(what: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options)
  } catch (error) {
    throw unusable(`${what} cannot be used: ${firstLine(error)}`, { cause: error })
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? ''
}
