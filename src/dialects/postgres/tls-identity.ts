/** Whether a certificate is that of a host: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-CERTIFICATES */
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/** Undefined if it is: by Node's rules, or by what libpq takes besides. */
export function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const problem = checkServerIdentity(host, certificate)
  if (problem === undefined) return undefined
  // Quoted by Node because of characters that no name has: CVE-2021-44532.
  if (certificate.subjectaltname?.includes('"') === true) return problem
  const fits = isIP(host) === 0 ? isUnderWildcard(host, certificate) : isNamedLike(host, certificate)
  return fits ? undefined : problem
}

/** Node wants two labels behind the asterisk; `*.internal` is one that clusters have. */
function isUnderWildcard(host: string, certificate: PeerCertificate): boolean {
  const [, parent] = /^[^.]+\.(.+)$/.exec(host.toLowerCase()) ?? []
  return (
    parent !== undefined &&
    alternativeNames(certificate).some((name) => name.toLowerCase() === `dns:*.${parent}`)
  )
}

/** An address that stands as a DNS name, or as the common name where there are no addresses. */
function isNamedLike(address: string, certificate: PeerCertificate): boolean {
  const names = alternativeNames(certificate)
  if (names.includes(`DNS:${address}`)) return true
  const hasAddress = names.some((name) => name.startsWith('IP Address:'))
  return !hasAddress && [certificate.subject?.CN].flat().includes(address)
}

/** The names a certificate is for, to be shown. */
export function describeNames(certificate: PeerCertificate): string {
  const names = alternativeNames(certificate).map((name) => name.replace(/^(DNS|IP Address):/, ''))
  return names.length > 0 ? names.join(', ') : [certificate.subject?.CN ?? 'nobody'].flat().join(', ')
}

function alternativeNames({ subjectaltname }: PeerCertificate): string[] {
  return (subjectaltname ?? '').split(', ').filter((name) => name !== '')
}
