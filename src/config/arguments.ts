import { SlipwayError } from '../errors.ts'
import { parseDuration } from '../plan/duration.ts'
import { nearest } from '../plan/nearest.ts'
import { noteTypedFlags } from '../plan/typed-flags.ts'
import { type AdoptCommand, readAdopt } from './adopt-arguments.ts'
import { type DownCommand, readDown } from './down-arguments.ts'
import { type DumpCommand, readDump } from './dump-verb.ts'
import { helpHint, type ReadArguments, readFlags } from './flags.ts'
import {
  type RepairCommand,
  readRepair,
  readStamp,
  readUnlock,
  type StampCommand,
  type UnlockCommand,
} from './mending-arguments.ts'
import { type NewCommand, readNew } from './new-arguments.ts'
import { readSql, readTrial, type SqlCommand } from './offline-arguments.ts'
import { hintForOtherTool } from './other-words.ts'
import { durationForm, longestMs } from './setting-value.ts'
import { type SettingFlags, type SettingName, settingNames, settings, settingsOf } from './settings.ts'
import { showValue } from './show-value.ts'
import { findLastingFlags } from './typed-flags.ts'
import { isVerb, type Verb, verbNames, verbSpec, verbs } from './verbs.ts'

/** A verb with what is its own, ready to run. */
export type Command =
  | {
      readonly verb: 'up'
      readonly to: string | undefined
      readonly steps: number | undefined
      readonly dryRun: boolean
      readonly rehearse: boolean
      readonly together: boolean
    }
  | DownCommand
  | { readonly verb: 'status'; readonly json: boolean; readonly exitCode: boolean }
  | { readonly verb: 'history'; readonly json: boolean; readonly all: boolean }
  | { readonly verb: 'verify'; readonly json: boolean }
  | { readonly verb: 'wait'; readonly timeoutMs: number; readonly for: 'migrations' | 'database' }
  | { readonly verb: 'exec'; readonly command: readonly [string, ...string[]] }
  | StampCommand
  | RepairCommand
  | UnlockCommand
  | AdoptCommand
  | SqlCommand
  | { readonly verb: 'roundtrip'; readonly all: boolean; readonly json: boolean }
  | DumpCommand
  | { readonly verb: 'doctor'; readonly json: boolean; readonly timeoutMs: number }
  | NewCommand
  | { readonly verb: 'templates'; readonly json: boolean }
  | { readonly verb: 'config'; readonly json: boolean }
  | { readonly verb: 'manifest'; readonly check: boolean }
  | { readonly verb: 'version'; readonly json: boolean }
  | { readonly verb: 'help'; readonly topic: Verb | undefined }

export interface ParsedArguments {
  readonly command: Command
  /** Settings given as flags, as written: for loadConfig. */
  readonly flags: SettingFlags
}

/**
 * Reads what follows `slipway` on the command line. Throws unknown-verb, unknown-flag, bad-argument and bad-value
 * (all 64). Arguments that could hold a secret are not repeated in messages. Notes the flags that commands in messages
 * need, see plan/typed-flags.ts.
 */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  const [first, ...rest] = argv
  if (first === undefined) return { command: { verb: 'help', topic: undefined }, flags: {} }
  if (first === '--help' || first === '-h') return parseVerb('help', rest)
  if (first === '--version' || first === '-v') return parseVerb('version', rest)
  if (first.startsWith('-')) throw verbMissing(first)
  if (!isVerb(first)) throw unknownVerb(first)
  return asksForHelp(rest) ? { command: { verb: 'help', topic: first }, flags: {} } : parseVerb(first, rest)
}

function asksForHelp(args: readonly string[]): boolean {
  const dashes = args.indexOf('--')
  const own = dashes === -1 ? args : args.slice(0, dashes)
  return own.includes('--help') || own.includes('-h')
}

function parseVerb(verb: Verb, args: readonly string[]): ParsedArguments {
  const read = readFlags(verb, args)
  const flags: Partial<Record<SettingName, string>> = {}
  const taken = new Set(settingsOf(verb).map(({ flag }) => flag))
  for (const name of settingNames) {
    const { flag } = settings[name]
    // --table is the history's for one verb, and another one's own.
    const value = taken.has(flag) ? read.values.get(flag) : undefined
    if (value !== undefined) flags[name] = value
  }
  // Before anything can be wrong: what is suggested then needs them, too.
  noteTypedFlags(findLastingFlags(flags))
  return { command: buildCommand(verb, read), flags }
}

function buildCommand(verb: Verb, read: ReadArguments): Command {
  const has = (flag: string) => read.values.get(flag) === 'true'
  if (verb === 'exec') return { verb, command: readProgram(read) }
  const words = [...read.words, ...(read.afterDashes ?? [])]
  if (verb === 'new') return readNew(words, read)
  if (verb === 'help') return { verb, topic: readTopic(words) }
  if (verb === 'stamp') return readStamp(words, has)
  refuseWords(verb, words)
  switch (verb) {
    case 'up':
      return { verb, ...readReach(read), ...readTrial(read, has), together: has('single-transaction') }
    case 'down':
      return readDown(read)
    case 'status':
      return { verb, json: has('json'), exitCode: has('exit-code') }
    case 'history':
      return { verb, json: has('json'), all: has('all') }
    case 'manifest':
      return { verb, check: has('check') }
    case 'verify':
    case 'config':
    case 'version':
    case 'templates':
      return { verb, json: has('json') }
    case 'wait':
      return { verb, timeoutMs: readTimeout('wait', read), for: readWaitFor(read) }
    case 'sql':
      return readSql(read, has('down'))
    case 'roundtrip':
      return { verb, all: has('all'), json: has('json') }
    case 'dump':
      return readDump(read)
    case 'repair':
      return readRepair(read)
    case 'adopt':
      return readAdopt(read)
    case 'unlock':
      return readUnlock(has)
    case 'doctor':
      return { verb, json: has('json'), timeoutMs: readTimeout('doctor', read) }
  }
}

function readReach({ values }: ReadArguments): { to: string | undefined; steps: number | undefined } {
  const to = values.get('to')
  const steps = values.get('steps')
  if (to !== undefined && steps !== undefined)
    throw new SlipwayError('bad-argument', '--to and --steps contradict each other', {
      hint: 'give one of them',
    })
  if (steps !== undefined && !/^[1-9]\d{0,8}$/.test(steps))
    throw badFlagValue('up', 'steps', steps, 'a positive whole number')
  return { to, steps: steps === undefined ? undefined : Number(steps) }
}

function readTimeout(verb: 'wait' | 'doctor', { values }: ReadArguments): number {
  const flag = verbSpec(verb).flags.find((each) => each.flag === 'timeout')
  const text = values.get('timeout') ?? flag?.default ?? ''
  const ms = parseDuration(text)
  if (ms === undefined || ms > longestMs) throw badFlagValue(verb, 'timeout', text, durationForm)
  return ms
}

function readWaitFor({ values }: ReadArguments): 'migrations' | 'database' {
  const { flag, type, default: fallback } = verbs.wait.flags[1]
  const text = values.get(flag) ?? fallback
  const found = type.values.find((value) => value === text)
  if (found === undefined) throw badFlagValue('wait', flag, text, type.values.join(' or '))
  return found
}

function readProgram({ words, afterDashes }: ReadArguments): readonly [string, ...string[]] {
  const [program, ...rest] = afterDashes ?? []
  if (words.length > 0)
    throw new SlipwayError('bad-argument', 'the command to run must follow --', {
      hint: 'slipway exec [flags] -- COMMAND [ARGUMENT…]',
    })
  if (program === undefined || program === '')
    throw new SlipwayError('bad-argument', 'slipway exec needs a command', {
      hint: 'slipway exec -- COMMAND [ARGUMENT…]',
    })
  return [program, ...rest]
}

function readTopic(words: readonly string[]): Verb | undefined {
  const [topic, ...surplus] = words
  if (topic === undefined) return undefined
  if (!isVerb(topic)) throw unknownVerb(topic)
  refuseWords('help', surplus)
  return topic
}

function refuseWords(verb: Verb, words: readonly string[]): void {
  const [word] = words
  if (word === undefined) return
  const takesTarget = verb === 'up' || verb === 'down'
  const target = takesTarget && /^[\w.+-]+$/.test(word) ? `slipway ${verb} --to ${word}` : helpHint(verb)
  throw new SlipwayError('bad-argument', `slipway ${verb} does not take the argument ${showValue(word)}`, {
    hint: target,
  })
}

function badFlagValue(verb: Verb, flag: string, value: string, wanted: string): SlipwayError {
  return new SlipwayError('bad-value', `--${flag} must be ${wanted}, not ${showValue(value)}`, {
    hint: helpHint(verb),
  })
}

function verbMissing(first: string): SlipwayError {
  const flag = /^--[a-z-]+/.exec(first)?.[0]
  return new SlipwayError('unknown-verb', `give a verb first${flag === undefined ? '' : `, then ${flag}`}`, {
    hint: flag === undefined ? 'slipway --help' : `slipway up ${flag} …`,
  })
}

function unknownVerb(word: string): SlipwayError {
  const near = nearest(word, verbNames)
  const hint = hintForOtherTool(word) ?? (near === undefined ? undefined : `did you mean: slipway ${near}`)
  return new SlipwayError('unknown-verb', `slipway has no verb ${showValue(word)}`, {
    hint: hint ?? 'slipway --help',
  })
}
