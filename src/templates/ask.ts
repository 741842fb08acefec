/** From what somebody gave to what a template can rely on. */
import { SlipwayError } from '../errors.ts'
import { nearest } from '../plan/nearest.ts'
import { shellFlag, shellWord } from '../plan/shell.ts'
import {
  flagOfParameter,
  type ParameterName,
  parameterNames,
  parameterSpec,
  type TemplateArguments,
} from './parameters.ts'
import type { Asked, Template, TemplateDialect } from './template.ts'

export interface Question {
  readonly slug: string
  /** What else the command says: `--sql`. */
  readonly flags: readonly string[]
  readonly dialect: TemplateDialect | undefined
  readonly values: TemplateArguments
}

/** Throws bad-argument: all that is missing in one, what the template does not take, and texts that no file should hold. */
export function ask(template: Template, question: Question): Asked {
  const { slug, dialect, values } = question
  const command = (changes: TemplateArguments & { readonly name?: string }) =>
    commandOf(template, question, changes)
  const refuse = (problem: string, hint: string | TemplateArguments) =>
    new SlipwayError('bad-argument', `${template.name}: ${problem}`, {
      hint: typeof hint === 'string' ? hint : command(hint),
    })
  refuseUnknown(template, values, refuse)
  for (const name of parameterNames)
    for (const text of textsOf(values[name])) refuseOddText(name, text, refuse)
  const missing = template.required.filter((name) => textsOf(values[name]).length === 0)
  if (missing.length > 0) {
    const flags = missing.map((name) => `--${flagOfParameter(name)}`)
    const list = [flags.slice(0, -1).join(', '), flags.at(-1)].filter(Boolean).join(' and ')
    throw refuse(`${list} ${flags.length === 1 ? 'is' : 'are'} missing`, {})
  }
  const maybe = (name: ParameterName) => textsOf(values[name])[0]
  return {
    slug,
    dialect,
    maybe,
    text: (name) => maybe(name) ?? '',
    list: (name) => textsOf(values[name]),
    has: (name) => values[name] === true,
    refuse,
    command,
    example: (name, text) => exampleOf(template, values, { name, text }),
  }
}

function exampleOf(
  { example }: Template,
  values: TemplateArguments,
  { name, text }: { readonly name: ParameterName; readonly text: string | undefined },
): TemplateArguments {
  const given = values[name]
  if (text === undefined || typeof given === 'string' || typeof given !== 'object')
    return { [name]: example[name] }
  const [other] = textsOf(example[name]).filter((each) => !given.includes(each))
  return { [name]: given.flatMap((each) => (each === text ? (other ?? []) : each)) }
}

function textsOf(value: TemplateArguments[ParameterName]): readonly string[] {
  if (value === undefined || typeof value === 'boolean') return []
  return typeof value === 'string' ? [value] : value
}

type Refuse = Asked['refuse']

function refuseUnknown(template: Template, values: TemplateArguments, refuse: Refuse): void {
  const takes: readonly ParameterName[] = [...template.required, ...template.optional]
  const shown = takes.map((name) => `--${flagOfParameter(name)}`).join(', ')
  for (const [key, value] of Object.entries(values)) {
    const name = parameterNames.find((known) => known === key)
    if (name === undefined) {
      const near = nearest(key, parameterNames)
      throw refuse(`there is no argument ${key}${near === undefined ? '' : `; did you mean ${near}?`}`, {})
    }
    if (value === undefined || value === false || takes.includes(name)) continue
    throw refuse(
      `it takes no --${flagOfParameter(name)}; ${shown === '' ? 'it takes none at all' : `it takes ${shown}`}`,
      { [name]: undefined },
    )
  }
}

function refuseOddText(name: ParameterName, text: string, refuse: Refuse): void {
  const fault = findOddText(text)
  if (fault !== undefined) throw refuse(`--${flagOfParameter(name)} ${fault}`, {})
}

/** Line breaks of every kind, other control characters, and halves of characters have no place in a file. */
export function findOddText(text: string): string | undefined {
  if (text.trim() === '') return 'is empty'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) || !text.isWellFormed())
    return 'holds a line break, a NUL or another control character'
  return undefined
}

/** The whole command, as it was asked for with `changes`; what is still missing is taken from the template's example. */
function commandOf(
  template: Template,
  { slug, flags, values }: Question,
  { name = slug, ...changes }: TemplateArguments & { readonly name?: string },
): string {
  const given = plainOf({ ...values, ...changes })
  const filled = { ...given, ...missingOf(template, given) }
  return [
    'slipway new',
    shellWord(name),
    `--template ${template.name}`,
    ...argumentFlags(filled),
    ...flags,
  ].join(' ')
}

/** Without what cannot stand in a command. */
function plainOf(values: TemplateArguments): TemplateArguments {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value === 'string') return [name, findOddText(value) === undefined ? value : undefined]
      if (typeof value !== 'object') return [name, value]
      return [name, value.filter((text) => findOddText(text) === undefined)]
    }),
  )
}

function missingOf(template: Template, given: TemplateArguments): TemplateArguments {
  const missing = template.required.filter((name) => textsOf(given[name]).length === 0)
  return Object.fromEntries(missing.map((name) => [name, template.example[name]]))
}

/** `--template add-column --table users --column age:integer` */
export function exampleFlags(template: Template): string {
  return [`--template ${template.name}`, ...argumentFlags(template.example)].join(' ')
}

function argumentFlags(values: TemplateArguments): string[] {
  return parameterNames.flatMap((name) => {
    const flag = flagOfParameter(name)
    if (parameterSpec(name).kind === 'boolean') return values[name] === true ? [`--${flag}`] : []
    return textsOf(values[name]).map((text) => shellFlag(flag, text))
  })
}
