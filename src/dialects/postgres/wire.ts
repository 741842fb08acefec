/** Reads along with the server's messages for the facts the driver keeps to itself. */
import type { Socket } from 'node:net'
import type { AuthReader } from './authentication.ts'

export interface Wire {
  /** From ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed transaction. */
  readonly transactionStatus: string
  /** From BackendKeyData. */
  readonly backendKey: { readonly pid: number; readonly secret: number }
  /** What the server said as it ended the session: `terminating connection due to administrator command`. */
  readonly lastWords: string | undefined
  /** When (performance.now) the peer was ready for a query for the first time: the login is over. */
  readonly readyAt: number | undefined
  /** How many transactions the server has committed because it was told to. */
  readonly commits: number
}

const authentication = 0x52
/** What the server says in passing while it works on a query. */
export interface Notice {
  readonly severity: string
  readonly message: string
  /** 0-based place among all queries of this session, in the order they were sent. */
  readonly query: number
}

const commandComplete = 0x43
const errorResponse = 0x45
const noticeResponse = 0x4e
const readyForQuery = 0x5a
const backendKeyData = 0x4b

const wantedTypes: ReadonlySet<number | undefined> = new Set([
  authentication,
  commandComplete,
  errorResponse,
  noticeResponse,
  readyForQuery,
  backendKeyData,
])

export interface WireOptions {
  readonly auth: AuthReader
  /** Called before the driver sees the message that leads to it. */
  readonly onAuthRefused: (reason: string) => void
  readonly onNotice: (notice: Notice) => void
  readonly onLogin?: (() => void) | undefined
}

/**
 * Message layout: one type byte, then an int32 length that counts itself.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function watchMessages(socket: Socket, { auth, onAuthRefused, onNotice, onLogin }: WireOptions): Wire {
  const state: { -readonly [Key in keyof Wire]: Wire[Key] } = {
    transactionStatus: 'I',
    backendKey: { pid: 0, secret: 0 },
    lastWords: undefined,
    readyAt: undefined,
    commits: 0,
  }
  // One answer ends the login.
  let answered = -1
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
      const wanted = wantedTypes.has(type)
      if (kept.length < end) {
        if (wanted) return
        skip = end - kept.length
        kept = Buffer.alloc(0)
        return
      }
      if (type === authentication) {
        const reason = auth.read(kept.subarray(5, end))
        if (reason !== undefined) onAuthRefused(reason)
      }
      if (type === readyForQuery) {
        state.transactionStatus = String.fromCharCode(kept[5] ?? 73)
        if (state.readyAt === undefined) onLogin?.()
        state.readyAt ??= performance.now()
        answered += 1
      }
      if (type === backendKeyData)
        state.backendKey = { pid: kept.readUInt32BE(5), secret: kept.readUInt32BE(9) }
      if (type === commandComplete && kept.toString('latin1', 5, end - 1) === 'COMMIT') state.commits += 1
      // The first ones: a pooler passes on what the server said and then says that the server is gone.
      if (type === errorResponse) state.lastWords ??= fatalMessage(kept.subarray(5, end))
      if (type === noticeResponse) onNotice({ ...readNotice(kept.subarray(5, end)), query: answered })
      kept = kept.subarray(end)
    }
  })
  return state
}

/** Fields are one byte and a string each; V is the severity, S the same in the server's language (PgBouncer has no V), M the message. */
function fatalMessage(body: Buffer): string | undefined {
  const fields = body.toString('utf8').split('\0')
  const isFatal = fields.some((field) => /^[SV](FATAL|PANIC)$/.test(field))
  return isFatal ? fields.find((field) => field.startsWith('M'))?.slice(1) : undefined
}

function readNotice(body: Buffer): { severity: string; message: string } {
  const fields = body.toString('utf8').split('\0')
  const find = (letter: string) => fields.find((field) => field.startsWith(letter))?.slice(1)
  return { severity: find('V') ?? find('S') ?? '', message: find('M') ?? '' }
}
