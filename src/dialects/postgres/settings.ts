/** What is SET in a direct session. Never sent until a pooler is excluded: a setting would reach its next client. */

import type { ServerFacts } from './facts.ts'
import type { Link } from './link.ts'
import { literal, writeSearchPath } from './naming.ts'
import { resetIdentity } from './roles.ts'

/**
 * Whether the server accepts client_connection_check_interval: PostgreSQL 14 and later, and not where a provider
 * forbids it. With it, the statement of a killed runner ends within seconds instead of running to its end.
 */
export async function probeConnectionCheck(link: Link, facts: ServerFacts): Promise<boolean> {
  if (facts.versionNumber < 140000) return false
  try {
    await link.simple('set client_connection_check_interval = 500')
    return true
  } catch (error) {
    if (link.lost) throw error
    return false
  }
}

export interface SettingsOptions {
  readonly facts: ServerFacts
  readonly searchPath: readonly string[] | undefined
  /** SLIPWAY_ROLE. */
  readonly role: string | undefined
  readonly connectionCheck: boolean
}

/**
 * `reset` stands between migrations, `tidy` where the one before prepared no statement; `settle` stands between the
 * statements of one, whose temporary tables live on. `identity` is the part of all three that says who works.
 */
export interface SessionTexts {
  readonly identity: string
  readonly reset: string
  readonly tidy: string
  readonly settle: string
}

/**
 * Everything a migration may have left behind is undone, then our settings apply again. Not DISCARD ALL: it would free
 * the run lock. Outside an explicit `begin read write` nothing can be written, so a statement that ends up outside its
 * transaction fails instead of committing by itself.
 */
export function resetSession(options: SettingsOptions): SessionTexts {
  const { facts } = options
  const settings: [string, string][] = [
    ['default_transaction_read_only', 'on'],
    ['statement_timeout', '0'],
    ['lock_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
    ['standard_conforming_strings', 'on'],
    ['tcp_keepalives_idle', '30'],
    ['tcp_keepalives_interval', '10'],
    ['tcp_keepalives_count', '3'],
  ]
  if (facts.versionNumber >= 140000) settings.push(['idle_session_timeout', '0'])
  if (facts.versionNumber >= 170000) settings.push(['transaction_timeout', '0'])
  if (options.connectionCheck) settings.push(['client_connection_check_interval', '500'])
  const lines = settings.map(([name, value]) => `set ${name} = ${literal(value)}`)
  if (options.searchPath !== undefined) lines.push(`set search_path = ${writeSearchPath(options.searchPath)}`)
  const identity = resetIdentity(options.role)
  const objects = ['close all', 'unlisten *', 'discard temp']
  return {
    identity,
    reset: [identity, 'reset all', 'deallocate all', ...objects, ...lines].join(';\n'),
    tidy: [identity, 'reset all', ...objects, ...lines].join(';\n'),
    settle: [identity, 'reset all', ...lines].join(';\n'),
  }
}
