/** From the key `hooks` of a config file, or of a library's options, to hooks that can be run. */
import { SlipwayError } from '../errors.ts'
import { parseDuration } from '../plan/duration.ts'
import { nearest } from '../plan/nearest.ts'
import { type Hook, type HookFunction, type HookName, type Hooks, hookNames } from './hook.ts'
import { durationForm, longestMs } from './setting-value.ts'

export interface HookSource {
  /** ` in slipway.config.ts`; empty for a library's options. */
  readonly where: string
  /** Absolute. */
  readonly folder: string
}

const defaultTimeout = '5m'
const keys = ['command', 'run', 'timeout', 'database']

/** Throws bad-setting, which repeats no value: a command may hold a token. */
export function readHooks(value: unknown, source: HookSource): Hooks {
  if (!isRecord(value)) throw bad(`hooks${source.where}`, 'an object of hooks')
  const unknown = Object.keys(value).find((key) => !hookNames.some((name) => name === key))
  if (unknown !== undefined) {
    const near = nearest(unknown, hookNames)
    throw new SlipwayError('bad-setting', `hooks${source.where} has an unknown hook ${shown(unknown)}`, {
      hint: near === undefined ? `known are ${hookNames.join(', ')}` : `did you mean ${near}?`,
    })
  }
  return Object.fromEntries(
    hookNames.flatMap((name) =>
      value[name] === undefined ? [] : [[name, readHook(name, value[name], source)]],
    ),
  )
}

function readHook(name: HookName, value: unknown, { where, folder }: HookSource): Hook {
  const place = `hooks.${name}${where}`
  const given = isRecord(value) ? value : { [typeof value === 'function' ? 'run' : 'command']: value }
  const unknown = Object.keys(given).find((key) => !keys.includes(key))
  if (unknown !== undefined) {
    const near = nearest(unknown, keys)
    throw new SlipwayError('bad-setting', `${place} has an unknown key ${shown(unknown)}`, {
      hint: near === undefined ? `known are ${keys.join(', ')}` : `did you mean ${near}?`,
    })
  }
  const { timeout = defaultTimeout, database = false } = given
  if (typeof database !== 'boolean') throw bad(`${place}: database`, 'true or false')
  return {
    name,
    action: readAction(place, given),
    timeoutMs: readTimeout(`${place}: timeout`, timeout),
    database,
    folder,
    place,
  }
}

function readAction(place: string, given: Readonly<Record<string, unknown>>): Hook['action'] {
  const { command, run } = given
  if (run !== undefined) {
    if (command !== undefined) throw bad(place, 'either a command or a function, not both')
    if (typeof run !== 'function') throw bad(`${place}: run`, 'a function')
    return { kind: 'function', call: run as HookFunction }
  }
  if (typeof command === 'string' && command.trim() !== '') return { kind: 'shell', text: command }
  if (isWords(command)) return { kind: 'argv', argv: command }
  throw bad(
    place,
    "a command (['pg_dump', '-f', 'before.sql'] or a text for the shell), a function, or an object with either",
  )
}

function isWords(value: unknown): value is readonly [string, ...string[]] {
  return (
    Array.isArray(value) &&
    value.every((word) => typeof word === 'string' && !word.includes('\0')) &&
    typeof value[0] === 'string' &&
    value[0] !== ''
  )
}

function readTimeout(place: string, value: unknown): number {
  const ms = value === 0 ? 0 : typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined || ms > longestMs) throw bad(place, durationForm)
  return ms
}

function bad(place: string, wanted: string): SlipwayError {
  return new SlipwayError('bad-setting', `${place} must be ${wanted}`, { hint: 'see docs/hooks.md' })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : '(not shown)'
}
