/** Stops a statement on the server, from a second socket, as the protocol wants it. */
import type { Endpoint } from './endpoint.ts'
import { openSocket } from './socket.ts'

/** int32 16, int32 80877102, pid, secret: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS */
export async function sendCancelRequest(
  endpoint: Endpoint,
  backend: { pid: number; secret: number },
): Promise<void> {
  const message = Buffer.alloc(16)
  message.writeUInt32BE(16, 0)
  message.writeUInt32BE(80877102, 4)
  message.writeUInt32BE(backend.pid, 8)
  message.writeUInt32BE(backend.secret >>> 0, 12)
  const { socket } = await openSocket(endpoint, { timeoutMs: 3000 })
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.setTimeout(10_000, () => socket.destroy())
    socket.resume()
    // Not `end`: who has read the request closes the connection. PgBouncer drops it when we do; 1.18 may even die of it.
    socket.write(message)
  })
}
