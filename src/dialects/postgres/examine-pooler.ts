/** What `doctor` says of a pooler in the path: which migrations it lets through. */
import type { Diagnosis } from '../diagnosis.ts'
import type { Examined } from './examine.ts'
import { findPooling } from './pooling.ts'

const check = 'pooler'

export async function examinePooler(examined: Examined): Promise<Diagnosis> {
  const { scope, isProven } = await findPooling(examined)
  const { facts, url } = examined
  if (scope === 'direct')
    return { check, level: 'ok', message: `none: the connection ends at server process ${facts.pid}` }
  if (scope === 'session')
    return {
      check,
      level: 'ok',
      message: `one at ${url.shown}, which gives each session a server connection`,
    }
  return {
    check,
    level: 'warn',
    message: `one at ${url.shown}, which ${isProven ? 'gives' : 'may give'} a server connection to a transaction only: migrations with transaction: false are refused there`,
    remedy: isProven
      ? 'point SLIPWAY_DATABASE_URL at the server itself'
      : 'point SLIPWAY_DATABASE_URL at the server itself, or say SLIPWAY_POOLER=session if that is so',
  }
}
