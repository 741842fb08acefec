/**
 * A TCP proxy for PostgreSQL connections on 127.0.0.1 that understands the messages: it counts them, and it can fail in
 * the ways networks, load balancers and servers do, at an exact message.
 */
import { createServer, type Socket } from 'node:net'
import { type Link, linkSockets, type Weather } from './proxy-link.ts'
import { createTraffic, type Traffic, type TrafficCounts } from './proxy-traffic.ts'

export type { TrafficCounts } from './proxy-traffic.ts'

export interface PostgresProxy extends AsyncDisposable {
  readonly port: number
  /** The same URL with the proxy's address in it. */
  through(url: string): string
  /** What clients sent after they were authenticated, since the start or `clearCounts`; all connections together. */
  counts(): TrafficCounts
  clearCounts(): void
  /** Connections open now. */
  open(): number
  /** TCP RST to both sides of every open connection; new ones are served. */
  reset(): void
  /** From now on bytes vanish in both directions, and so do those of new connections; sockets stay open. */
  blackhole(): void
  /** New connections are accepted and closed at once, as by a load balancer without a backend. */
  closeOnAccept(): void
  /** New connections are served again. Connections from the black hole stay lost. */
  forward(): void
  /** Each direction is late by that many milliseconds; 0 ends it. */
  delay(ms: number): void
  /**
   * The next COMMIT (the nth with `nth`, of a transaction that sent a text matching `having`) is executed by the
   * server, its answer is swallowed and the connection cut. Resolves when that has happened.
   */
  cutAfterCommit(options?: { nth?: number; having?: RegExp }): Promise<void>
  /** The connection is cut instead of forwarding the next query that matches. Resolves when that has happened. */
  cutBefore(pattern: RegExp): Promise<void>
}

export async function startProxy(target: { host: string; port: number }): Promise<PostgresProxy> {
  const links = new Set<Link>()
  const traffic: Traffic = createTraffic()
  const weather: Weather = { mode: 'forward', delayMs: 0, traps: [], lost: new Set<Socket>() }

  const server = createServer((client) => {
    client.on('error', () => {})
    if (weather.mode === 'close-on-accept') return void client.resume().end()
    if (weather.mode === 'blackhole') {
      weather.lost.add(client)
      client.resume().once('close', () => weather.lost.delete(client))
      return
    }
    const link = linkSockets(client, target, weather, traffic)
    links.add(link)
    client.once('close', () => links.delete(link))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const { port } = address

  return {
    port,
    through: (url) => {
      const changed = new URL(url)
      changed.host = `127.0.0.1:${port}`
      return changed.href
    },
    counts: () => traffic.counts(),
    clearCounts: () => traffic.clear(),
    open: () => links.size,
    reset: () => {
      for (const link of links) link.reset()
    },
    blackhole: () => {
      weather.mode = 'blackhole'
      for (const link of links) link.vanish()
    },
    closeOnAccept: () => {
      weather.mode = 'close-on-accept'
    },
    forward: () => {
      weather.mode = 'forward'
    },
    delay: (ms) => {
      weather.delayMs = ms
    },
    cutAfterCommit: ({ nth = 1, having = /(?:)/ } = {}) =>
      new Promise((sprung) => weather.traps.push({ kind: 'after-commit', having, left: nth, sprung })),
    cutBefore: (pattern) => new Promise((sprung) => weather.traps.push({ kind: 'before', pattern, sprung })),
    [Symbol.asyncDispose]: async () => {
      for (const link of links) link.reset()
      for (const socket of weather.lost) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
