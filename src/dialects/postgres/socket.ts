/** One connected socket, TLS agreed where it is wanted, within one hard deadline. */
import type { Socket } from 'node:net'
import { isSocketDirectory } from '../../config/url.ts'
import { AddressesFailed, connectToAny, type Limits } from './addresses.ts'
import type { Endpoint } from './endpoint.ts'
import { ConnectTimeout, HandshakeClosed, PeerClosed, TlsRefused } from './failures.ts'

/** int32 length 8, int32 80877103: https://www.postgresql.org/docs/current/protocol-message-formats.html (SSLRequest) */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export interface SocketOptions extends Limits {
  /** Already connected to the endpoint; without it one is opened. */
  readonly connected?: Socket | undefined
}

export interface OpenedSocket {
  readonly socket: Socket
  readonly tls?: {
    /** `TLSv1.3` */
    readonly version: string
    readonly isVerified: boolean
    /** What an error of the socket means while the login goes on; undefined if it is not about TLS. */
    readonly explain: (error: Error) => TlsRefused | undefined
  }
}

export async function openSocket(endpoint: Endpoint, options: SocketOptions): Promise<OpenedSocket> {
  const deadline = performance.now() + options.timeoutMs
  const socket = options.connected ?? (await connectTo(endpoint, options))
  const guard = guardSocket(socket, {
    ...options,
    timeoutMs: Math.max(1, deadline - performance.now()),
  })
  try {
    return await guard.race(secure(socket, endpoint))
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    guard.release()
  }
}

async function connectTo(endpoint: Endpoint, limits: Limits): Promise<Socket> {
  try {
    return (await connectToAny([endpoint.address ?? endpoint.host], endpoint.port, limits)).socket
  } catch (error) {
    throw error instanceof AddressesFailed ? error.failures[0]?.error : error
  }
}

interface SocketGuard {
  /** Rejects as soon as the socket fails, closes, times out or the run is stopped. */
  race<T>(work: Promise<T>): Promise<T>
  release(): void
}

function guardSocket(socket: Socket, options: Limits): SocketGuard {
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const timer = setTimeout(() => failed.reject(new ConnectTimeout(options.timeoutMs)), options.timeoutMs)
  const onError = (error: Error) => failed.reject(error)
  const onClose = () => failed.reject(new PeerClosed('the peer closed the connection at once'))
  const onAbort = () => failed.reject(options.signal?.reason)
  socket.on('error', onError).on('close', onClose)
  options.signal?.addEventListener('abort', onAbort)
  if (socket.destroyed) onClose()
  if (options.signal?.aborted === true) onAbort()
  return {
    race: (work) => Promise.race([work, failed.promise]),
    release() {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      socket.off('close', onClose)
      // The error listener stays: an error without a listener would end the process.
    },
  }
}

/** https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
async function secure(socket: Socket, endpoint: Endpoint): Promise<OpenedSocket> {
  const { encryption, tls } = endpoint
  if (encryption === 'none' || isSocketDirectory(endpoint.host)) return { socket }
  if (tls.direct === true) return startTls(socket, endpoint)
  const answer = await askForTls(socket)
  if (answer === 'S') return startTls(socket, endpoint)
  if (answer === 'N' && encryption === 'if-offered') return { socket }
  if (answer === 'N') throw new TlsRefused(`sslmode=${tls.mode}, but the server does not offer TLS`)
  // An error at this point is in plaintext and from whomever; what it says is not shown (CVE-2024-10977).
  if (answer === 'E') throw new HandshakeClosed('the server answered the request for TLS with an error')
  throw new PeerClosed('the peer does not speak the PostgreSQL protocol')
}

async function askForTls(socket: Socket): Promise<string> {
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve))
  socket.write(sslRequest)
  const bytes = await answer
  const letter = bytes.toString('latin1', 0, 1)
  // More than the one byte before TLS begins would be injected plaintext (CVE-2021-23222).
  if ((letter === 'S' || letter === 'N') && bytes.length > 1)
    throw new PeerClosed('the peer sent data before TLS began')
  return letter
}

/** Nothing of TLS is loaded before it is needed. */
async function startTls(socket: Socket, endpoint: Endpoint): Promise<OpenedSocket> {
  const { explainTlsError, upgradeToTls } = await import('./tls.ts')
  const secured = await upgradeToTls(socket, endpoint)
  const version = secured.getProtocol() ?? 'TLS'
  const isVerified = secured.authorized
  return {
    socket: secured,
    tls: { version, isVerified, explain: (error) => explainTlsError(error, endpoint) },
  }
}
