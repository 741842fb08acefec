/** Reads along with the server's messages for the two facts the driver keeps to itself. */
import type { Socket } from 'node:net'

export interface Wire {
  /** From ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed transaction. */
  readonly transactionStatus: string
  /** From BackendKeyData. */
  readonly backendKey: { readonly pid: number; readonly secret: number }
}

const readyForQuery = 0x5a
const backendKeyData = 0x4b

/**
 * Message layout: one type byte, then an int32 length that counts itself.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function watchMessages(socket: Socket): Wire {
  const state = { transactionStatus: 'I', backendKey: { pid: 0, secret: 0 } }
  let kept: Buffer = Buffer.alloc(0)
  let skip = 0
  socket.on('data', (chunk: Buffer) => {
    if (skip >= chunk.length) {
      skip -= chunk.length
      return
    }
    kept = kept.length === 0 ? chunk.subarray(skip) : Buffer.concat([kept, chunk.subarray(skip)])
    skip = 0
    while (kept.length >= 5) {
      const type = kept[0]
      const end = 1 + kept.readUInt32BE(1)
      const wanted = type === readyForQuery || type === backendKeyData
      if (kept.length < end) {
        if (wanted) return
        skip = end - kept.length
        kept = Buffer.alloc(0)
        return
      }
      if (type === readyForQuery) state.transactionStatus = String.fromCharCode(kept[5] ?? 73)
      if (type === backendKeyData) state.backendKey = { pid: kept.readUInt32BE(5), secret: kept.readUInt32BE(9) }
      kept = kept.subarray(end)
    }
  })
  return state
}
