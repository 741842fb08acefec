/** Who may read: whoever has the token, and where there is none, nobody who was led here by a foreign page. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * `Authorization: Bearer TOKEN`, or the token as the password of a login, which is what a browser asks for. Compared
 * in constant time.
 */
export function hasToken({ headers }: IncomingMessage, token: string): boolean {
  const [, scheme = '', given = ''] =
    /^(bearer|basic) +([\x21-\x7e]+) *$/i.exec(headers.authorization ?? '') ?? []
  const password = scheme.toLowerCase() === 'basic' ? passwordOf(given) : given
  return timingSafeEqual(digest(password), digest(token))
}

/** https://www.rfc-editor.org/rfc/rfc7617#section-2 */
function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/**
 * A page of another site can have its own name lead to this host, and so read what only this host may: the name gives
 * it away. Addresses and localhost cannot be had by others.
 */
export function isForeignName({ headers }: IncomingMessage, host: string): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(headers.host ?? '') ?? []
  const name = (bracketed ?? plain ?? '').toLowerCase()
  return isIP(name) === 0 && name !== 'localhost' && name !== host.toLowerCase()
}

/** Only this host gets to it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
