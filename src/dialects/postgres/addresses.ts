/** From a host to a connected socket: names are looked up, and all addresses are tried. */
import { connect, isIP, type Socket } from 'node:net'
import { isSocketDirectory, type PostgresHost } from '../../config/url.ts'
import { ConnectTimeout } from './failures.ts'

/** The driver stops sending ahead once a write has to wait; a whole migration shall fit. In bytes. */
export const roomyBytes: number = 16 * 1024 * 1024
const roomy: object = { writableHighWaterMark: roomyBytes }

/** An address that says nothing for so long does not hold up the next one: RFC 8305, section 5. */
const staggerMs = 250

export interface Limits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** The IP addresses of a host in the system's order; the directory itself for a socket. */
export async function lookUp(host: PostgresHost, limits: Limits): Promise<string[]> {
  if (host.address !== undefined) return [host.address]
  if (isSocketDirectory(host.host) || isIP(host.host) !== 0) return [host.host]
  const { lookup } = await import('node:dns/promises')
  const found = await within(lookup(host.host, { all: true, order: 'verbatim' }), limits)
  return [...new Set(found.map(({ address }) => address))]
}

/** A lookup cannot be stopped, only left alone. */
function within<T>(work: Promise<T>, { timeoutMs, signal }: Limits): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal?.reason)
    const timer = setTimeout(() => reject(new ConnectTimeout(timeoutMs)), timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    })
  })
}

export interface Connected {
  readonly socket: Socket
  readonly address: string
}

export interface AddressFailure {
  readonly address: string
  readonly error: unknown
}

/** No address could be connected to. */
export class AddressesFailed extends Error {
  override readonly name = 'AddressesFailed'
  readonly failures: readonly AddressFailure[]
  constructor(failures: readonly AddressFailure[]) {
    super('no address could be connected to')
    this.failures = failures
  }
}

/**
 * Starts with the first address and goes on to the next whenever one fails or takes long; the first that connects wins,
 * and nothing remains of the others. Rejects with AddressesFailed, or the signal's reason.
 */
export function connectToAny(addresses: readonly string[], port: number, limits: Limits): Promise<Connected> {
  const waiting = [...addresses]
  const open = new Map<Socket, string>()
  const failures: AddressFailure[] = []
  return new Promise((resolve, reject) => {
    let stagger: NodeJS.Timeout | undefined
    const end = (winner?: Socket) => {
      clearTimeout(stagger)
      clearTimeout(deadline)
      limits.signal?.removeEventListener('abort', onAbort)
      for (const socket of open.keys()) if (socket !== winner) socket.destroy()
    }
    const giveUp = (error: unknown) => {
      end()
      reject(error)
    }
    const onAbort = () => giveUp(limits.signal?.reason)
    const deadline = setTimeout(() => {
      const error = new ConnectTimeout(limits.timeoutMs)
      const late = [...open.values(), ...waiting].map((address) => ({ address, error }))
      giveUp(new AddressesFailed([...failures, ...late]))
    }, limits.timeoutMs)
    const startNext = () => {
      clearTimeout(stagger)
      const address = waiting.shift()
      if (address === undefined) return
      const socket = openRaw(address, port)
      open.set(socket, address)
      // It stays: an error without a listener would end the process.
      socket.on('error', (error) => {
        if (!open.delete(socket)) return
        failures.push({ address, error })
        if (open.size === 0 && waiting.length === 0) giveUp(new AddressesFailed(failures))
        else startNext()
      })
      socket.once('connect', () => {
        open.delete(socket)
        end(socket)
        resolve({ socket, address })
      })
      if (waiting.length > 0) stagger = setTimeout(startNext, staggerMs)
    }
    limits.signal?.addEventListener('abort', onAbort, { once: true })
    if (limits.signal?.aborted === true) onAbort()
    else startNext()
  })
}

function openRaw(address: string, port: number): Socket {
  if (isSocketDirectory(address)) return connect({ path: socketPath(address, port) })
  return connect({
    host: address,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 10_000,
    ...roomy,
  })
}

/** A directory that begins with @ is a name in Linux's abstract namespace, which begins with a zero byte. */
function socketPath(directory: string, port: number): string {
  return `${directory}/.s.PGSQL.${port}`.replace(/^@/, '\0')
}
