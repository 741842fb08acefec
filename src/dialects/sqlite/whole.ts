/**
 * All of an operation or nothing of it: a failed statement does not end SQLite's transaction, so what an operation did
 * before it would be committed by a migration that caught the error.
 */
import { SlipwayError } from '../../errors.ts'
import { checkpoint } from '../../events.ts'
import type { Handle } from './driver.ts'
import { type Enforcement, readEnforcement, setEnforcement } from './foreign-keys.ts'
import { EnforcementInTheWay } from './guard.ts'
import type { BusyOptions } from './poll.ts'
import { shieldFrame } from './shield-frame.ts'
import { listViolations, refuseNewViolations } from './violations.ts'
import { beginWrite, commitWrite, rollbackQuietly } from './write-transaction.ts'

/** In the transaction that is open; without one nothing can be sent any more, and `work` finds out why. */
export async function withinSavepoint<T>(handle: Handle, work: () => Promise<T>): Promise<T> {
  if (!handle.inTransaction) return await work()
  handle.exec('savepoint slipway_op')
  try {
    const result = await work()
    handle.exec('release slipway_op')
    return result
  } catch (error) {
    undo(handle)
    throw error
  }
}

/** Never throws: where the savepoint is gone, so is the transaction. */
function undo(handle: Handle): void {
  try {
    if (handle.open && handle.inTransaction) handle.exec('rollback to slipway_op; release slipway_op')
  } catch {
    return
  }
}

/** Of a migration that has no transaction. */
export interface OwnTransactions {
  /** A transaction for `work`, which is told, unless the migration has begun one. */
  enclose<T>(work: () => Promise<T>, tell: (text: string) => void): Promise<T>
  /** Throws EnforcementInTheWay, which has `work` run again, or foreign-keys. */
  requireShield(why: string): void
}

interface Enclosed<T> {
  readonly work: () => Promise<T>
  readonly tell: (text: string) => void
}

export function openTransactions(handle: Handle, name: string, busy: BusyOptions): OwnTransactions {
  let isOwn = false

  /** Enforcement is decided before it begins: inside, the pragma does nothing. */
  async function enclosed<T>({ work, tell }: Enclosed<T>, enforcement: Enforcement): Promise<T> {
    const before = readEnforcement(handle)
    const passed = () => (enforcement === 'off' ? checkpoint('foreign-keys-off', name) : undefined)
    setEnforcement(handle, enforcement)
    if (enforcement === 'off') tell(shieldFrame.off)
    isOwn = true
    let end: string | undefined
    try {
      passed()
      await beginWrite(handle, busy)
      tell(shieldFrame.begin)
      end = shieldFrame.rollback
      passed()
      const violations = enforcement === 'off' ? listViolations(handle) : undefined
      const result = await work()
      if (violations !== undefined) refuseNewViolations(handle, violations)
      await commitWrite(handle, busy)
      end = shieldFrame.commit
      return result
    } finally {
      isOwn = false
      rollbackQuietly(handle)
      if (end !== undefined) tell(end)
      if (handle.open) setEnforcement(handle, before)
      if (enforcement === 'off' && before === 'on') tell(shieldFrame.on)
    }
  }

  return {
    async enclose(work, tell) {
      if (handle.inTransaction) return await withinSavepoint(handle, work)
      try {
        return await enclosed({ work, tell }, readEnforcement(handle))
      } catch (error) {
        if (!(error instanceof EnforcementInTheWay)) throw error
        return await enclosed({ work, tell }, 'off')
      }
    },
    requireShield(why) {
      if (readEnforcement(handle) === 'off') return
      if (isOwn) throw new EnforcementInTheWay(why)
      throw new SlipwayError(
        'foreign-keys',
        'rebuilding a table in a transaction of your own could lose rows of its children',
        {
          hint: 'leave out transaction: false, or send pragma foreign_keys = off before your begin',
        },
      )
    },
  }
}
