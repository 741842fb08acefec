/**
 * Work through a pooler that gives a server connection to each transaction. No session has the run lock: each
 * migration's own transaction takes it, on the same key as a direct session does, and looks whether history is still
 * what the plan was made from. Nothing is SET but for the transaction.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import type { Attempt, Session } from '../dialect.ts'
import type { Turns } from '../turns.ts'
import { sendCancelRequest } from './cancel.ts'
import { createAbsent, selectSchema } from './create-history.ts'
import type { Endpoint } from './endpoint.ts'
import { readFacts, readOnly, selectFacts } from './facts.ts'
import { grantReaders } from './grant-readers.ts'
import { type FoundTables, findTables } from './history.ts'
import * as rows from './history-rows.ts'
import { selectRunLock } from './lock.ts'
import { asAmender, asCreator, asReader, asWriter } from './privileges.ts'
import { nameReader, readAs } from './read-as.ts'
import { markReverting } from './revert-rows.ts'
import { applyInTransaction } from './transaction.ts'
import { type KeeperParts, keepTurns, type TurnKeeper } from './turn.ts'
import { historyMark } from './turn-texts.ts'

export interface TurnParts extends KeeperParts {
  readonly endpoint: Endpoint
  readonly url: Pick<PostgresUrl, 'ofTenant'>
  /** Who may read the history. */
  readonly readers: readonly string[]
  /** The session that reads. */
  readonly base: Session
  findHistory(): Promise<FoundTables>
  /** The history tables are not what they were. */
  forgetHistory(): void
  withNotices<T>(attempt: Attempt, work: () => Promise<T>): Promise<T>
  requireSession(migrations: readonly string[]): Promise<void>
}

export function createTurns(parts: TurnParts): Turns {
  const { link, names, facts, base } = parts
  const keeper = keepTurns(parts)
  const reader = { login: facts.user, role: parts.role }
  let seen: unknown
  return {
    session: createTurnSession(parts, keeper, () => seen),
    take: () => keeper.take(seen),
    requireSession: parts.requireSession,
    async look() {
      await keeper.end()
      seen = undefined
      if (isComplete(await parts.findHistory())) {
        // Before the rows: what changes between the two is noticed by `take`.
        const [row] = await asReader(names, nameReader(reader), () =>
          readAs(link, reader, historyMark(names)),
        )
        seen = row?.mark
      }
      return await base.readHistory()
    },
    async isFree() {
      await keeper.end()
      return (await readOnly(link, selectRunLock(names))).length === 0
    },
    async ensureHistory() {
      if (!isComplete(await parts.findHistory())) {
        if ((await keeper.begin(false)) === undefined) return false
        try {
          await createWhatIsAbsent(parts, keeper)
        } finally {
          await keeper.end()
          parts.forgetHistory()
        }
      }
      const place = { link, names, role: nameReader(reader) }
      return await grantReaders(place, parts.readers, async (text) => {
        if ((await keeper.begin(false)) === undefined || keeper.turn === undefined) return false
        await keeper.finish(keeper.turn, text)
        return true
      })
    },
  }
}

/** What the engine works with; whatever only reads ends the turn first. */
function createTurnSession(parts: TurnParts, keeper: TurnKeeper, seen: () => unknown): Session {
  const { link, names, base } = parts
  const role = parts.role ?? parts.facts.user
  const reading =
    <Arguments extends unknown[], T>(read: (...given: Arguments) => Promise<T>) =>
    async (...given: Arguments): Promise<T> => {
      await keeper.end()
      return await read(...given)
    }
  const refuse = async (): Promise<never> => {
    await keeper.end()
    throw new SlipwayError('bug', 'a turn was used as a session')
  }
  const close = async (): Promise<void> => {
    await Promise.race([keeper.end(), delay(1000, undefined, { ref: false })])
    await base.close()
  }
  return {
    facts: base.facts,
    get lost() {
      return link.lost
    },
    readHistory: reading(base.readHistory),
    readSource: reading(base.readSource),
    failuresSince: reading(base.failuresSince),
    readLog: reading(base.readLog),
    examine: reading(base.examine),
    readTexts: reading(base.readTexts),
    dumpSchema: reading(base.dumpSchema),
    readForeign: reading(base.readForeign),
    readCatalogue: reading(base.readCatalogue),
    runLockHolder: reading(base.runLockHolder),
    blockers: reading(base.blockers),
    countLosses: reading(base.countLosses),
    historyWriters: reading(base.historyWriters),
    databaseSize: reading(base.databaseSize),
    releaseRunLock: () => keeper.end(),
    tryRunLock: refuse,
    ensureHistory: refuse,
    applyTogether: refuse,
    applyStepwise: refuse,
    adoptHistory: refuse,
    turns: async () => undefined,
    async applyInTransaction(attempt) {
      const turn = await keeper.require(seen())
      turn.state = 'worked'
      const place = keeper.workplaceFor(turn, attempt)
      turn.place = place
      await parts.withNotices(attempt, () => applyInTransaction(place, attempt))
      keeper.over()
    },
    async recordSkipped(record) {
      const turn = await keeper.require(seen())
      const text = `${rows.insertDone(names, record, 'skipped')};\n${rows.insertLog(names, 'skip', record)}`
      await asWriter(names, role, () => keeper.finish(turn, text))
    },
    async amendHistory(amendments) {
      const turn = await keeper.require(seen())
      const text = amendments.map((amendment) => rows.amend(names, amendment)).join(';\n')
      await asAmender(names, role, () => keeper.finish(turn, text))
    },
    recordStarted: (record, reverts) =>
      keeper.append(
        reverts === undefined
          ? `${rows.insertStarted(names, record)}\non conflict (name) do nothing`
          : markReverting(names, reverts, 0),
      ),
    async recordFailure(record, error, statementsDone) {
      const { turn } = keeper
      const text = rows.insertLog(names, 'failure', record, { error, statementsDone })
      if (turn?.state === 'undone') await keeper.finish(turn, text)
      else await keeper.append(text)
    },
    async recordUnlock(record, detail) {
      if ((await parts.findHistory()).log === undefined) return
      await keeper.append(rows.insertLog(names, 'unlock', record, { error: detail }))
    },
    async cancel() {
      if (link.lost || keeper.turn?.place?.committing === true) return
      await sendCancelRequest(parts.endpoint, link.backend)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function isComplete({ history, log }: FoundTables): boolean {
  return history !== undefined && log !== undefined
}

/** Looks again, now that the lock is held. */
async function createWhatIsAbsent(parts: TurnParts, keeper: TurnKeeper): Promise<void> {
  const { link, names, facts, url } = parts
  const { turn } = keeper
  const wanted = { onlyHere: url.ofTenant }
  const seen = readFacts(await link.simple(selectFacts(names.table, names.schema, wanted)))
  const found = findTables(seen, names)
  if (isComplete(found) || turn === undefined) return
  const [schema] = await link.simple(selectSchema(names))
  const isSchemaThere = schema !== undefined && schema.rows.length > 0
  const absent = createAbsent(names, { facts, found, isSchemaThere })
  const creation = { role: parts.role ?? facts.user, database: facts.database, isSchemaThere }
  await asCreator(names, creation, () => keeper.finish(turn, absent))
}
