/**
 * The next migration is sent together with this one's commit, so that the server goes on while the commit's answer is on
 * its way. It is not committed before that answer is there: until then it can be used or rolled back, nothing else.
 */
import type { Attempt } from '../dialect.ts'
import { type SentBody, sendSqlBody } from './sql-body.ts'
import { leaveTransaction, type Workplace } from './workplace.ts'

/** What a session keeps of it. Where there is none, nothing is sent ahead. */
export interface Ahead {
  sent: SentBody | undefined
  /** Of what was sent; they came before its turn, or it never has one. */
  notices: Held | undefined
  /** Asks the server to end the statement that runs. */
  interrupt(): Promise<void>
}

/** Notices that are kept until it is settled whether anybody is to hear them. */
export interface Held {
  readonly messages: string[]
  /** Undefined until then. */
  tell: ((message: string) => void) | undefined
}

/** Only SQL: what a script sends depends on what it is answered. */
export function sendAhead(place: Workplace, next: Attempt | undefined): void {
  const { ahead, link } = place
  if (ahead === undefined || next?.body.kind !== 'sql' || next.signal.aborted) return
  const held: Held = { messages: [], tell: undefined }
  ahead.notices = held
  link.listen((message) => {
    if (held.tell === undefined) held.messages.push(message)
    else held.tell(message)
  })
  ahead.sent = sendSqlBody(place, next, next.body)
}

/** Its body, if it was sent ahead. Whatever else was is rolled back. */
export async function takeAhead(place: Workplace, attempt: Attempt): Promise<SentBody | undefined> {
  const { ahead } = place
  const sent = ahead?.sent
  if (ahead === undefined || sent?.attempt !== attempt) {
    await dropAhead(place)
    return undefined
  }
  ahead.sent = undefined
  const { notices } = ahead
  ahead.notices = undefined
  for (const message of notices?.messages ?? []) attempt.onNotice(message)
  if (notices !== undefined) notices.tell = attempt.onNotice
  return sent
}

/** Before anything else is done with the session. Never throws. Its statement may be a long one: the server is asked to end it. */
export async function dropAhead({ ahead, link }: Workplace): Promise<void> {
  const sent = ahead?.sent
  if (ahead === undefined || sent === undefined) return
  ahead.sent = undefined
  ahead.notices = undefined
  link.listen(undefined)
  if (link.lost) return
  let asking: Promise<unknown> = Promise.resolve()
  const ask = () => {
    asking = Promise.all([asking, ahead.interrupt().catch(() => {})])
  }
  ask()
  const timer = setInterval(ask, 250)
  await sent.all
  clearInterval(timer)
  // A request still on its way would hit what comes next.
  await asking
  await leaveTransaction(link)
}
