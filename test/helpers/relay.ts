/** Passes bytes on to a server and keeps those that a client sent. Unlike the proxy it understands nothing. */
import { connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  readonly port: number
  /** What came from clients so far. */
  sent(): Buffer
}

export interface RelayOptions {
  /** Where it listens; by default any port of 127.0.0.1. */
  readonly address?: string
  readonly port?: number
}

export async function startRelay(
  target: { readonly host: string; readonly port: number },
  { address = '127.0.0.1', port = 0 }: RelayOptions = {},
): Promise<Relay> {
  const seen: Buffer[] = []
  const open = new Set<Socket>()
  const relay = createServer((client) => {
    const server = connect(target.port, target.host)
    client.on('data', (bytes: Buffer) => void seen.push(bytes)).pipe(server)
    server.pipe(client)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(from)
      from
        .on('error', () => to.destroy())
        .on('close', () => {
          open.delete(from)
          to.destroy()
        })
    }
  })
  await new Promise<void>((resolve, reject) => relay.once('error', reject).listen(port, address, resolve))
  const bound = relay.address()
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : 0,
    sent: () => Buffer.concat(seen),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}
