/** Whether a certificate is that of a host: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBQ-SSL-CERTIFICATES */
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/** Undefined if it is. Node's rules and, for addresses, two more of libpq: a DNS name or a common name that is the address. */
export function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const problem = checkServerIdentity(host, certificate)
  if (problem === undefined || isIP(host) === 0) return problem
  const names = alternativeNames(certificate)
  const hasAddress = names.some((name) => name.startsWith('IP Address:'))
  if (names.includes(`DNS:${host}`)) return undefined
  if (!hasAddress && [certificate.subject?.CN].flat().includes(host)) return undefined
  return problem
}

/** The names a certificate is for, to be shown. */
export function describeNames(certificate: PeerCertificate): string {
  const names = alternativeNames(certificate).map((name) => name.replace(/^(DNS|IP Address):/, ''))
  return names.length > 0 ? names.join(', ') : [certificate.subject?.CN ?? 'nobody'].flat().join(', ')
}

function alternativeNames({ subjectaltname }: PeerCertificate): string[] {
  return (subjectaltname ?? '').split(', ').filter((name) => name !== '')
}
