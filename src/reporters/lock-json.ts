/** `slipway unlock --json`. Field names are stable; fields may be added. */
import type { LockHolder } from '../events.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
import type { Redactor } from '../redact.ts'
import { shortenStatement } from '../text/describe-holder.ts'
import type { LockResult } from './lock-text.ts'
import type { DatabaseFacts } from './results.ts'

export interface LockJson extends DatabaseFacts {
  readonly held: boolean
  /** What is known of who holds it; null where nobody does. */
  readonly holder: LockHolder | null
  /** What ends the holder. */
  readonly remedy: string | null
}

export function lockJson(result: LockResult, redact: Redactor): LockJson {
  const { database, dialect, serverVersion, historyTable, holder, remedy } = result
  return {
    database,
    dialect,
    serverVersion,
    historyTable,
    held: holder !== undefined,
    holder: holder === undefined ? null : maskStatement(holder, redact),
    remedy: remedy === undefined ? null : withTypedFlags(remedy),
  }
}

/** It may set a password that no configuration of ours knows. */
function maskStatement(holder: LockHolder, redact: Redactor): LockHolder {
  if (holder.statement === undefined) return holder
  return { ...holder, statement: shortenStatement(holder.statement, redact) }
}
