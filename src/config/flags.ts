import { parseArgs } from 'node:util'
import { SlipwayError } from '../errors.ts'
import { nearest } from '../plan/nearest.ts'
import { settingsOf } from './settings.ts'
import { showValue } from './show-value.ts'
import { type Verb, verbNames, verbSpec } from './verbs.ts'

export interface ReadArguments {
  /** By flag name without dashes; boolean flags are `true` or `false`. */
  readonly values: ReadonlyMap<string, string>
  /** Of the flags that may be given more than once, in order; they are not in `values`. */
  readonly lists: ReadonlyMap<string, readonly string[]>
  /** Words before `--`. */
  readonly words: readonly string[]
  /** Words after `--`; undefined without one. */
  readonly afterDashes: readonly string[] | undefined
}

/** Every flag a verb takes: its own and those of settings. */
export function flagsOf(verb: Verb): ReadonlyMap<string, 'boolean' | 'value'> {
  const own = verbSpec(verb).flags
  return new Map(
    [...own, ...settingsOf(verb)].map(({ flag, type }) => [
      flag,
      type.kind === 'boolean' ? 'boolean' : 'value',
    ]),
  )
}

/**
 * Splits the arguments after the verb into flags and words. Throws unknown-flag with the nearest name, and
 * bad-argument for a missing value or a flag given twice.
 */
export function readFlags(verb: Verb, args: readonly string[]): ReadArguments {
  const flags = flagsOf(verb)
  const repeated = new Set(
    verbSpec(verb).flags.flatMap((each) => (each.repeated === true ? [each.flag] : [])),
  )
  const values = new Map<string, string>()
  const lists = new Map<string, readonly string[]>()
  const words: string[] = []
  let afterDashes: string[] | undefined
  for (const token of tokenize(args, flags)) {
    if (token.kind === 'option-terminator') afterDashes = []
    else if (token.kind === 'positional') (afterDashes ?? words).push(token.value)
    else {
      const [name, value] = readFlag(verb, flags, token)
      if (repeated.has(name)) lists.set(name, [...(lists.get(name) ?? []), value])
      else if (values.has(name))
        throw new SlipwayError('bad-argument', `--${name} is given twice`, { hint: helpHint(verb) })
      else values.set(name, value)
    }
  }
  return { values, lists, words, afterDashes }
}

export function helpHint(verb: Verb): string {
  return `slipway ${verb} --help`
}

function tokenize(args: readonly string[], flags: ReadonlyMap<string, 'boolean' | 'value'>) {
  if (args.length === 0) return []
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      [...flags].map(([name, kind]) => [name, { type: kind === 'boolean' ? 'boolean' : 'string' } as const]),
    ),
  })
  return tokens
}

interface FlagToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function readFlag(
  verb: Verb,
  flags: ReadonlyMap<string, 'boolean' | 'value'>,
  token: FlagToken,
): [string, string] {
  const long = token.rawName.startsWith('--')
  const kind = long ? flags.get(token.name) : undefined
  if (kind === 'boolean') return [token.name, readBooleanFlag(token)]
  if (kind === 'value') return [token.name, readValue(verb, token)]
  const positive = token.name.replace(/^no-/, '')
  if (long && flags.get(positive) === 'boolean') {
    if (token.value !== undefined)
      throw new SlipwayError('bad-argument', `--${token.name} takes no value`, { hint: helpHint(verb) })
    return [positive, 'false']
  }
  throw unknownFlag(verb, flags, token.rawName)
}

function readBooleanFlag(token: FlagToken): string {
  if (token.value === undefined || token.value === 'true') return 'true'
  if (token.value === 'false') return 'false'
  throw new SlipwayError('bad-value', `--${token.name} is true or false, not ${showValue(token.value)}`, {
    hint: `--${token.name} or --no-${token.name}`,
  })
}

/** The parser hands over the next argument whatever it looks like; only a negative number and a dash alone may begin so. */
function readValue(verb: Verb, token: FlagToken): string {
  const { name, value } = token
  const looksLikeFlag = token.inlineValue !== true && value?.startsWith('-') === true && !/^-\d*$/.test(value)
  if (value === undefined || value === '' || looksLikeFlag)
    throw new SlipwayError('bad-argument', `--${name} needs a value`, { hint: helpHint(verb) })
  return value
}

function unknownFlag(verb: Verb, flags: ReadonlyMap<string, unknown>, rawName: string): SlipwayError {
  const name = rawName.replace(/^-+/, '')
  const owners = verbNames.filter((other) => flagsOf(other).has(name))
  const near = nearest(name, flags.keys())
  const shown = /^--?[\w-]{1,40}$/.test(rawName) ? rawName : 'that'
  const elsewhere = owners.length === 0 ? '' : `; it belongs to ${owners.join(', ')}`
  return new SlipwayError('unknown-flag', `slipway ${verb} has no flag ${shown}${elsewhere}`, {
    hint: near === undefined ? helpHint(verb) : `did you mean --${near}? See: ${helpHint(verb)}`,
  })
}
