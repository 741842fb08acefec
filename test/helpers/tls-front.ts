/** A TLS end in front of a real server, with whatever certificate; what comes out of it goes on in plaintext. */
import { readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket, type TlsOptions } from 'node:tls'
import type { Certificate } from './certificates.ts'

export interface TlsFront extends AsyncDisposable {
  readonly port: number
  /** What clients named in the TLS handshake (SNI); false without. */
  readonly names: readonly (string | false)[]
  /** Connections so far. */
  readonly connections: number
}

export interface TlsFrontOptions {
  readonly certificate: Certificate
  readonly target: { readonly host: string; readonly port: number }
  /** TLS begins at once; the protocols that are agreed on. */
  readonly direct?: { readonly protocols: readonly string[] }
  readonly tls?: TlsOptions
}

export async function startTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const names: (string | false)[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const secure = (socket: Socket) => {
    const tls = new TLSSocket(socket, {
      isServer: true,
      cert: readFileSync(options.certificate.cert),
      key: readFileSync(options.certificate.key),
      ...(options.direct === undefined ? {} : { ALPNProtocols: [...options.direct.protocols] }),
      SNICallback: (name, done) => {
        names.push(name)
        done(null)
      },
      ...options.tls,
    })
    const server = connect(options.target.port, options.target.host)
    for (const [from, to] of [
      [tls, server],
      [server, tls],
    ] as const)
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    tls.once('secure', () => {
      if (tls.servername === false || tls.servername === undefined) names.push(false)
    })
    tls.pipe(server).pipe(tls)
  }
  const front: Server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    if (options.direct !== undefined) return secure(socket)
    socket.once('data', () => {
      socket.write('S')
      secure(socket)
    })
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    names,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => front.close(resolve))
    },
  }
}
