import type { Config } from './config.ts'
import { readChoice } from './setting-value.ts'
import { settings } from './settings.ts'
import type { Found } from './source.ts'
import type { Warning } from './url-problem.ts'

type LogLevel = Config['logLevel']

/** Names that other loggers give to levels, for LOG_LEVEL. */
const otherNames: ReadonlyMap<string, LogLevel> = new Map([
  ['trace', 'debug'],
  ['verbose', 'debug'],
  ['silly', 'debug'],
  ['http', 'info'],
  ['notice', 'info'],
  ['warning', 'warn'],
  ['fatal', 'error'],
  ['critical', 'error'],
  ['none', 'silent'],
  ['off', 'silent'],
])

export interface ReadLogLevel {
  readonly logLevel: LogLevel
  readonly warnings: readonly Warning[]
}

/**
 * LOG_LEVEL belongs to the app as much as to slipway: a level only the app knows is a warning, not a refusal.
 * Throws bad-setting or bad-value for what is ours alone.
 */
export function readLogLevel(found: Found | undefined): ReadLogLevel {
  const shared = found?.source.kind === 'variable' && found.source.variable === 'LOG_LEVEL'
  if (found === undefined || !shared)
    return { logLevel: readChoice(settings.logLevel, found, settings.logLevel.default), warnings: [] }
  const text = found.text.toLowerCase()
  const level = settings.logLevel.type.values.find((value) => value === text) ?? otherNames.get(text)
  if (level !== undefined) return { logLevel: level, warnings: [] }
  const message = `LOG_LEVEL is none of ${settings.logLevel.type.values.join(', ')}; logging at ${settings.logLevel.default}`
  return { logLevel: settings.logLevel.default, warnings: [{ code: 'log-level', message }] }
}
