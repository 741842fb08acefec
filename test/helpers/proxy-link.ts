/** One proxied connection: two sockets, and the place where traps spring. */
import { createConnection, type Socket } from 'node:net'
import type { Conversation, Traffic } from './proxy-traffic.ts'
import {
  createClientReader,
  createServerReader,
  type Message,
  queryText,
  requestCode,
  requestCodes,
} from './wire.ts'

export type Trap =
  | { kind: 'after-commit'; having: RegExp; left: number; sprung: () => void }
  | { kind: 'before'; pattern: RegExp; sprung: () => void }

/** What all connections of a proxy go through. */
export interface Weather {
  mode: 'forward' | 'blackhole' | 'close-on-accept'
  delayMs: number
  readonly traps: Trap[]
  readonly lost: Set<Socket>
}

export interface Link {
  reset(): void
  vanish(): void
}

export function linkSockets(
  client: Socket,
  target: { host: string; port: number },
  weather: Weather,
  traffic: Traffic,
): Link {
  const server = createConnection(target)
  for (const socket of [client, server]) socket.setNoDelay(true)
  let vanished = false
  let stage: 'opening' | 'asked-for-encryption' | 'authenticating' | 'ready' = 'opening'
  let conversation: Conversation | undefined
  const reset = () => {
    client.resetAndDestroy()
    server.resetAndDestroy()
  }
  const traps = createTrapKeeper(weather, reset)
  const later = createDelayLine(weather)
  const forward = (to: Socket, bytes: Buffer) => later(() => to.writable && !vanished && to.write(bytes))

  const readClient = createClientReader(() => stage === 'opening')
  client.on('data', (chunk) => {
    if (vanished) return
    for (const message of readClient(chunk as Buffer)) {
      if (stage === 'opening') {
        const code = requestCode(message)
        if (code === requestCodes.cancel) traffic.cancel()
        else if (code === requestCodes.tls || code === requestCodes.gss) stage = 'asked-for-encryption'
        else stage = 'authenticating'
      }
      if (conversation !== undefined) {
        if (traps.beforeQuery(message)) return
        traps.expectCommit(message, conversation.owed())
        conversation.fromClient(message)
      }
      forward(server, message.bytes)
    }
  })

  const readServer = createServerReader(() => stage === 'asked-for-encryption')
  server.on('data', (chunk) => {
    if (vanished) return
    for (const message of readServer(chunk as Buffer)) {
      if (stage === 'asked-for-encryption') {
        if (message.bytes[0] !== 0x4e)
          throw new Error('this proxy does not speak TLS: start the server without')
        stage = 'opening'
      }
      conversation?.fromServer(message)
      if (stage === 'authenticating' && message.type === 'Z') {
        stage = 'ready'
        conversation = traffic.converse()
      }
      if (traps.swallows(message)) continue
      forward(client, message.bytes)
    }
  })

  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.on('end', () => later(() => vanished || to.end()))
    from.on('error', () => vanished || to.destroy())
    from.on('close', () => (vanished ? weather.lost.delete(from) : later(() => to.destroy())))
  }
  return {
    reset,
    vanish: () => {
      vanished = true
      for (const socket of [client, server]) weather.lost.add(socket)
    },
  }
}

/** Does things in the order they were asked for, each as late as the weather said when it was asked for. */
function createDelayLine(weather: Weather): (act: () => unknown) => void {
  const waiting: { at: number; act: () => unknown }[] = []
  const work = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const early = next.at - performance.now()
      if (early > 0) {
        setTimeout(work, Math.ceil(early))
        return
      }
      waiting.shift()
      next.act()
    }
  }
  return (act) => {
    waiting.push({ at: performance.now() + weather.delayMs, act })
    if (waiting.length === 1) work()
  }
}

/** Follows the texts of one connection and springs the traps of the proxy on it, each once. */
function createTrapKeeper(weather: Weather, reset: () => void) {
  let sentSinceCommit: string[] = []
  let lastParsed = ''
  let swallowing: { answersBefore: number; sprung: () => void } | undefined

  const spring = (trap: Trap) => {
    weather.traps.splice(weather.traps.indexOf(trap), 1)
  }
  return {
    beforeQuery: (message: Message): boolean => {
      const text = queryText(message)
      const trap = weather.traps.find(
        (t) => t.kind === 'before' && text !== undefined && t.pattern.test(text),
      )
      if (trap === undefined) return false
      spring(trap)
      reset()
      trap.sprung()
      return true
    },
    expectCommit: (message: Message, owed: number): void => {
      const text = queryText(message)
      if (text !== undefined) sentSinceCommit.push(text)
      if (message.type === 'P') lastParsed = text ?? ''
      const executed = message.type === 'Q' ? text : message.type === 'E' ? lastParsed : undefined
      if (executed === undefined || !/\bcommit\s*;?\s*$/i.test(executed)) return
      const sent = sentSinceCommit
      sentSinceCommit = []
      for (const trap of [...weather.traps]) {
        if (trap.kind !== 'after-commit' || !sent.some((t) => trap.having.test(t))) continue
        if (--trap.left > 0) continue
        spring(trap)
        swallowing = { answersBefore: owed, sprung: trap.sprung }
      }
    },
    /** Whether the client must not see this answer. Answers to what was sent before the COMMIT still pass. */
    swallows: (message: Message): boolean => {
      if (swallowing === undefined) return false
      const { answersBefore, sprung } = swallowing
      if (answersBefore > 0) {
        if (message.type === 'Z') swallowing = { answersBefore: answersBefore - 1, sprung }
        return false
      }
      if (message.type === 'Z') {
        reset()
        sprung()
      }
      return true
    },
  }
}
