/** One connected socket, TLS agreed where the URL asks for it, within one hard deadline. */
import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { PostgresUrl } from '../../config/url.ts'

/** int32 length 8, int32 80877103: https://www.postgresql.org/docs/current/protocol-message-formats.html (SSLRequest) */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** The driver stops sending ahead once a write has to wait; a whole migration shall fit. In bytes. */
const roomy: object = { writableHighWaterMark: 16 * 1024 * 1024 }

/** The attempt took longer than it may. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout'
}

/** The peer took the connection and closed it, or answered with something that is not PostgreSQL. */
export class PeerClosed extends Error {
  override readonly name = 'PeerClosed'
}

/** TLS was wanted and could not be had, or the certificate was refused. */
export class TlsRefused extends Error {
  override readonly name = 'TlsRefused'
}

export interface SocketOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export async function openSocket(url: PostgresUrl, options: SocketOptions): Promise<Socket> {
  const socket = connect(
    url.host.startsWith('/')
      ? { path: `${url.host}/.s.PGSQL.${url.port}` }
      : {
          host: url.host,
          port: url.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: 10_000,
          ...roomy,
        },
  )
  const guard = guardSocket(socket, options)
  try {
    await guard.race(once(socket, 'connect'))
    return await guard.race(secure(socket, url))
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    guard.release()
  }
}

interface SocketGuard {
  /** Rejects as soon as the socket fails, closes, times out or the run is stopped. */
  race<T>(work: Promise<T>): Promise<T>
  release(): void
}

function guardSocket(socket: Socket, options: SocketOptions): SocketGuard {
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const timer = setTimeout(
    () => failed.reject(new ConnectTimeout(`no answer within ${options.timeoutMs} ms`)),
    options.timeoutMs,
  )
  const onError = (error: Error) => failed.reject(error)
  const onClose = () => failed.reject(new PeerClosed('the peer closed the connection at once'))
  const onAbort = () => failed.reject(options.signal?.reason)
  socket.on('error', onError).on('close', onClose)
  options.signal?.addEventListener('abort', onAbort)
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

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()))
}

/** https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
async function secure(socket: Socket, url: PostgresUrl): Promise<Socket> {
  const { mode } = url.tls
  if (mode === 'disable' || mode === 'allow' || url.host.startsWith('/')) return socket
  const answer = await askForTls(socket)
  if (answer === 'S') return upgrade(socket, url)
  if (answer !== 'N') throw new PeerClosed('the peer does not speak the PostgreSQL protocol')
  if (mode === 'prefer') return socket
  throw new TlsRefused(`sslmode=${mode}, but the server does not offer TLS`)
}

async function askForTls(socket: Socket): Promise<string> {
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve))
  socket.write(sslRequest)
  const bytes = await answer
  // More than the one byte before TLS begins would be injected plaintext (CVE-2021-23222).
  if (bytes.length !== 1) throw new PeerClosed('the peer sent data before TLS began')
  return bytes.toString('latin1')
}

async function upgrade(socket: Socket, url: PostgresUrl): Promise<Socket> {
  const tls = await import('node:tls')
  const options = tlsOptions(url)
  return new Promise((resolve, reject) => {
    const secured = tls.connect({ socket, ...options }, () => resolve(secured))
    secured.once('error', (error) => reject(new TlsRefused(error.message, { cause: error })))
    secured.once('close', () => reject(new TlsRefused('the server ended the TLS handshake')))
  })
}

function tlsOptions(url: PostgresUrl): ConnectionOptions {
  const { mode, rootCert, cert, key } = url.tls
  const verifies =
    mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && rootCert !== undefined)
  return {
    ...(isIP(url.host) === 0 ? { servername: url.host } : {}),
    rejectUnauthorized: verifies,
    ...(rootCert === undefined || rootCert === 'system' ? {} : { ca: readCertificate(rootCert) }),
    ...(cert === undefined ? {} : { cert: readCertificate(cert) }),
    ...(key === undefined ? {} : { key: readCertificate(key) }),
    ...(mode === 'verify-full' ? { host: url.host } : { checkServerIdentity: () => undefined }),
  }
}

function readCertificate(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new TlsRefused(`cannot read ${path}`, { cause: error })
  }
}
