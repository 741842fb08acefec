/** Another session in words: who blocks us, from where, doing what. */
import type { LockHolder } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { maskPasswords } from '../sql/mask-passwords.ts'
import { formatRecent } from './format-time.ts'
import { oneLine } from './visible-text.ts'

const statementLength = 80

/** `pid 812 (slipway/0.1.0 pod-x) from 10.0.0.5 since 12:03:11 UTC, running: create index …`; as much as is known. */
export function describeHolder(holder: LockHolder | undefined, now: Date, redact: Redactor): string {
  if (holder === undefined) return 'another session'
  const parts = [holder.pid === undefined ? 'another session' : `pid ${holder.pid}`]
  if (isKnown(holder.applicationName)) parts.push(`(${oneLine(redact(holder.applicationName), 64)})`)
  if (isKnown(holder.clientAddress)) parts.push(`from ${oneLine(redact(holder.clientAddress), 64)}`)
  if (holder.since !== undefined) parts.push(`since ${formatRecent(holder.since, now)}`)
  return parts.join(' ') + describeActivity(holder, redact)
}

/**
 * pg_stat_activity.query is the running statement only while state is `active`, else the last one;
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
 */
function describeActivity(holder: LockHolder, redact: Redactor): string {
  const state = isKnown(holder.state) ? oneLine(holder.state, 40) : undefined
  if (!isKnown(holder.statement)) return state === undefined ? '' : `, ${state}`
  const statement = shortenStatement(holder.statement, redact)
  if (state === undefined || state === 'active') return `, running: ${statement}`
  return `, ${state}, last statement: ${statement}`
}

/** One line of another session's statement. It may set a password that no configuration of ours knows. */
export function shortenStatement(statement: string, redact: Redactor): string {
  return oneLine(maskPasswords(redact(statement)), statementLength)
}

function isKnown(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
