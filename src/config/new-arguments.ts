/** The arguments of `new`: a name, a template, and what that one is told. */
import { SlipwayError } from '../errors.ts'
import {
  flagOfParameter,
  parameterNames,
  parameterSpec,
  type TemplateArguments,
} from '../templates/parameters.ts'
import { helpHint, type ReadArguments } from './flags.ts'
import { showValue } from './show-value.ts'

export interface NewCommand {
  readonly verb: 'new'
  readonly name: string
  /** Undefined: blank. */
  readonly template: string | undefined
  readonly form: 'typescript' | 'sql' | 'sql-pair'
  readonly dialect: 'postgres' | 'sqlite' | undefined
  readonly values: TemplateArguments
  /** For the project's own templates, by key. */
  readonly variables: ReadonlyMap<string, string>
}

/** Throws bad-argument, bad-value. */
export function readNew(words: readonly string[], { values, lists }: ReadArguments): NewCommand {
  const template = values.get('template')
  const given = readParameters(values, lists)
  const variables = readVariables(lists.get('var') ?? [])
  const [first] = [...Object.keys(given), ...variables.keys()]
  if (template === undefined && first !== undefined)
    throw new SlipwayError('bad-argument', 'these flags are for a template, and none is named', {
      hint: 'add --template TEMPLATE; all of them: slipway templates',
    })
  const isSql = values.get('sql') === 'true'
  const isPair = values.get('pair') === 'true'
  return {
    verb: 'new',
    name: readName(words),
    template,
    form: isPair ? 'sql-pair' : isSql ? 'sql' : 'typescript',
    dialect: readDialect(values.get('dialect')),
    values: given,
    variables,
  }
}

function readParameters(values: ReadArguments['values'], lists: ReadArguments['lists']): TemplateArguments {
  const entries = parameterNames.flatMap((name) => {
    const flag = flagOfParameter(name)
    const { kind } = parameterSpec(name)
    const value = kind === 'list' ? lists.get(flag) : values.get(flag)
    if (value === undefined || (kind === 'boolean' && value === 'false')) return []
    return [[name, kind === 'boolean' ? true : value] as const]
  })
  return Object.fromEntries(entries)
}

function readVariables(texts: readonly string[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  for (const text of texts) {
    const [, key, value] = /^([A-Za-z][\w-]*)=(.*)$/s.exec(text) ?? []
    if (key === undefined || value === undefined)
      throw new SlipwayError('bad-argument', '--var is KEY=VALUE, such as --var owner=harbour', {
        hint: helpHint('new'),
      })
    if (variables.has(key))
      throw new SlipwayError('bad-argument', `--var ${key} is given twice`, { hint: helpHint('new') })
    variables.set(key, value)
  }
  return variables
}

function readDialect(text: string | undefined): NewCommand['dialect'] {
  if (text === undefined || text === 'postgres' || text === 'sqlite') return text
  throw new SlipwayError('bad-value', `--dialect must be postgres or sqlite, not ${showValue(text)}`, {
    hint: helpHint('new'),
  })
}

function readName(words: readonly string[]): string {
  const [name, ...surplus] = words
  if (name === undefined || name.trim() === '')
    throw new SlipwayError('bad-argument', 'slipway new needs a name', {
      hint: 'slipway new add_user_preferences',
    })
  if (name.includes('://')) {
    // Not repeated: it may hold a password.
    throw new SlipwayError('bad-argument', 'slipway new takes a name, and this is a URL', {
      hint: 'slipway new add_user_preferences',
    })
  }
  if (surplus.length > 0) {
    const joined = words.every((word) => /^\w+$/.test(word)) ? words.join('_') : 'NAME'
    throw new SlipwayError('bad-argument', 'slipway new takes one name', { hint: `slipway new ${joined}` })
  }
  return name
}
