/** OpenSSL's words for what went wrong, in ours. */
import type { PeerCertificate } from 'node:tls'
import type { Endpoint } from './endpoint.ts'
import { describeNames } from './tls-identity.ts'

const untrusted: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
])

/** Undefined for an error that is not about TLS. */
export function describeTlsError(
  error: Error,
  { host, tls }: Pick<Endpoint, 'host' | 'tls'>,
): string | undefined {
  const code = 'code' in error ? String(error.code) : ''
  if (untrusted.has(code)) return `the server's certificate is not signed by a CA in ${nameRoots(tls)}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' && 'cert' in error)
    return `the server's certificate is for ${describeNames(error.cert as PeerCertificate)}, not for ${host}`
  if (code === 'CERT_HAS_EXPIRED') return `the server's certificate has expired`
  if (code === 'CERT_NOT_YET_VALID') return `the server's certificate is not valid yet`
  if (code === 'CERT_REVOKED') return `the server's certificate was revoked`
  if (code === 'UNABLE_TO_GET_CRL')
    return `there is no revocation list of the CA that signed the server's certificate`
  if (code === 'CRL_HAS_EXPIRED') return 'the revocation list is out of date'
  const alert = /^ERR_SSL_\w*?_ALERT_(\w+)$/.exec(code)?.[1]
  if (alert !== undefined) return describeAlert(alert.toLowerCase().replaceAll('_', ' '))
  // OpenSSL's other reasons for a certificate have no prefix: CERT_CHAIN_TOO_LONG, INVALID_PURPOSE, HOSTNAME_MISMATCH.
  const isTls = code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || !/^(E|$)/.test(code)
  return isTls ? `TLS could not be agreed: ${error.message.split('\n')[0]}` : undefined
}

/** What the server sent as its last word: RFC 8446, section 6.2. */
function describeAlert(words: string): string {
  if (words === 'certificate required') return 'the server wants a client certificate'
  return `the server ended the TLS handshake: ${words}`
}

function nameRoots({ rootCert, defaults }: Endpoint['tls']): string {
  if (rootCert === 'system') return 'the list of this system'
  return rootCert ?? `${defaults}/root.crt`
}
