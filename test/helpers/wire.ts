/**
 * Cuts PostgreSQL's byte streams into messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

export interface Message {
  /** One letter; '' for the untyped messages that open a connection. */
  readonly type: string
  readonly bytes: Buffer
}

/** Untyped requests of a client, by the number in their first field. */
export const requestCodes = { cancel: 80877102, tls: 80877103, gss: 80877104 } as const

/** Yields each message as soon as it is complete; the state that decides on the next one may change in between. */
export type Reader = (chunk: Buffer) => Generator<Message>

/** For what a client sends; `untyped()` says whether the next message is one without a type byte. */
export function createClientReader(untyped: () => boolean): Reader {
  return createReader((buffer) => {
    const header = untyped() ? 0 : 1
    if (buffer.length < header + 4) return undefined
    const length = header + buffer.readInt32BE(header)
    return buffer.length < length ? undefined : length
  }, untyped)
}

/** For what a server sends; `singleByte()` says whether it now answers a TLS or GSS request with one letter. */
export function createServerReader(singleByte: () => boolean): Reader {
  return createReader((buffer) => {
    if (singleByte()) return buffer.length < 1 ? undefined : 1
    if (buffer.length < 5) return undefined
    const length = 1 + buffer.readInt32BE(1)
    return buffer.length < length ? undefined : length
  }, singleByte)
}

function createReader(measure: (buffer: Buffer) => number | undefined, untyped: () => boolean): Reader {
  let rest: Buffer = Buffer.alloc(0)
  return function* read(chunk: Buffer) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const length = measure(rest)
      if (length === undefined) return
      const bytes = rest.subarray(0, length)
      rest = rest.subarray(length)
      yield { type: untyped() ? '' : String.fromCharCode(bytes[0] ?? 0), bytes }
    }
  }
}

/** The number that tells untyped client messages apart. */
export function requestCode(message: Message): number {
  return message.bytes.readInt32BE(4)
}

/** The SQL of a Query or Parse message; undefined for others. */
export function queryText(message: Message): string | undefined {
  if (message.type === 'Q') return message.bytes.toString('utf8', 5, message.bytes.length - 1)
  if (message.type !== 'P') return undefined
  const start = message.bytes.indexOf(0, 5) + 1
  return message.bytes.toString('utf8', start, message.bytes.indexOf(0, start))
}
