import type { Config } from '../config/config.ts'
import { isTerminal } from './streams.ts'

/** While the settings cannot be read, the variable alone says how errors look. */
export function earlyLogFormat(): Config['logFormat'] {
  const wanted = process.env.SLIPWAY_LOG_FORMAT?.toLowerCase()
  if (wanted === 'pretty' || wanted === 'json') return wanted
  return isTerminal('stderr') ? 'pretty' : 'json'
}
