/** Counts what clients send once they are authenticated. */
import { type Message, queryText } from './wire.ts'

export interface TrafficCounts {
  /** Client messages by type letter: Q query, P parse, B bind, E execute, S sync, … */
  readonly messages: Readonly<Record<string, number>>
  /**
   * Times that a client sent something after it had all the answers: what it sends at once, or while an answer is
   * still due, is one trip. Terminate (X) is none.
   */
  readonly roundTrips: number
  /** Texts of Query and Parse messages in order. */
  readonly queries: readonly string[]
  /** Cancel requests, each over a connection of its own. */
  readonly cancels: number
}

export interface Traffic {
  counts(): TrafficCounts
  clear(): void
  cancel(): void
  /** A conversation, from the first ReadyForQuery on. */
  converse(): Conversation
}

export interface Conversation {
  fromClient(message: Message): void
  fromServer(message: Message): void
  /** ReadyForQuery messages that the server still owes. */
  owed(): number
}

export function createTraffic(): Traffic {
  let messages: Record<string, number> = {}
  let queries: string[] = []
  let roundTrips = 0
  let cancels = 0
  return {
    counts: () => ({ messages: { ...messages }, roundTrips, queries: [...queries], cancels }),
    clear: () => {
      messages = {}
      queries = []
      roundTrips = 0
      cancels = 0
    },
    cancel: () => {
      cancels++
    },
    converse: () =>
      createConversation({
        message: (message) => {
          messages[message.type] = (messages[message.type] ?? 0) + 1
          const text = queryText(message)
          if (text !== undefined) queries.push(text)
        },
        trip: () => {
          roundTrips++
        },
      }),
  }
}

function createConversation(count: { message(message: Message): void; trip(): void }): Conversation {
  let owed = 0
  let flushed = false
  let clientsTurn = true
  return {
    fromClient: (message) => {
      count.message(message)
      if (message.type === 'X') return
      if (clientsTurn) count.trip()
      clientsTurn = false
      if ('QSF'.includes(message.type)) owed++
      if (message.type === 'H') flushed = true
    },
    fromServer: (message) => {
      if (message.type === 'Z') owed--
      // Flush asks for answers without a ReadyForQuery; CopyInResponse asks the client to speak.
      const answered = message.type === 'Z' ? owed === 0 : message.type === 'G' || (flushed && owed === 0)
      if (!answered) return
      clientsTurn = true
      flushed = false
    },
    owed: () => owed,
  }
}
