/** TLS as libpq does it, with Node's implementation. Loaded only when a connection is made with it. */
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { domainToASCII } from 'node:url'
import { roomyBytes } from './addresses.ts'
import type { Endpoint } from './endpoint.ts'
import { HandshakeClosed, TlsRefused } from './failures.ts'
import { openTlsContext } from './tls-context.ts'
import { describeTlsError } from './tls-error.ts'
import { checkIdentity } from './tls-identity.ts'

/** Throws TlsRefused, or SlipwayError tls-file for a certificate, key or list that cannot be used. */
export async function upgradeToTls(socket: Socket, endpoint: Endpoint): Promise<TLSSocket> {
  const options = { socket, ...tlsOptions(endpoint) }
  const secured = await new Promise<TLSSocket>((resolve, reject) => {
    const tls = connect(options, () => resolve(tls))
    tls.once('error', (error) => reject(explainTlsError(error, endpoint) ?? closedDuring(error)))
    tls.once('close', () => reject(closedDuring()))
  })
  // Without it a server of another protocol could be talked into an answer: https://www.postgresql.org/docs/current/protocol-flow.html
  if (endpoint.tls.direct === true && secured.alpnProtocol !== 'postgresql') {
    secured.destroy()
    throw new TlsRefused(
      'sslnegotiation=direct, but the server did not agree on the protocol (PostgreSQL 17 and later do)',
    )
  }
  return secured
}

/** Undefined where the network failed, not TLS. A client certificate is refused only after the handshake (TLS 1.3). */
export function explainTlsError(error: Error, endpoint: Endpoint): TlsRefused | undefined {
  const message = describeTlsError(error, endpoint)
  return message === undefined ? undefined : new TlsRefused(message, { cause: error })
}

function closedDuring(cause?: Error): HandshakeClosed {
  return new HandshakeClosed('the server ended the TLS handshake', { cause })
}

function tlsOptions({ host, tls }: Endpoint): ConnectionOptions {
  const { secureContext, verifies } = openTlsContext(tls)
  const name = domainToASCII(host) || host
  return {
    secureContext,
    highWaterMark: roomyBytes,
    rejectUnauthorized: verifies,
    ...(tls.sni === false || isIP(host) !== 0 ? {} : { servername: name }),
    ...(tls.direct === true ? { ALPNProtocols: ['postgresql'] } : {}),
    checkServerIdentity: (_, certificate) =>
      tls.mode === 'verify-full' ? checkIdentity(name, certificate) : undefined,
  } as ConnectionOptions
}
