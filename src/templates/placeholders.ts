/**
 * Templates of a project: files with `{{…}}` in them. How a value is written is said by the template, so that no value
 * can end the place it stands in: `{{table}}` takes a plain word alone, `{{id table}}` is a name in SQL, `{{text note}}`
 * a string in SQL, `{{string table}}` a string in a script.
 */
import { messageOf, SlipwayError } from '../errors.ts'
import { shellFlag, shellWord } from '../plan/shell.ts'
import { barePath } from '../sql/bare-name.ts'
import { parseName, postgresNameBytes } from '../sql/quote.ts'
import { findOddText } from './ask.ts'
import { literalSql } from './column-sql.ts'
import { flagOfParameter, parameterNames, parameterSpec } from './parameters.ts'
import type { TemplateDialect } from './template.ts'
import { literal } from './typescript.ts'

export interface OwnFile {
  /** `.ts`, `.sql`, `.up.sql`. */
  readonly extension: string
  /** For messages. */
  readonly shown: string
  readonly text: string
}

export interface OwnTemplate {
  readonly name: string
  readonly files: readonly OwnFile[]
}

export interface OwnRequest {
  readonly slug: string
  readonly dialect: TemplateDialect | undefined
  /** By name, as in `{{name}}`: `table`, `on-delete`. */
  readonly values: ReadonlyMap<string, string>
}

type Form = 'plain' | 'id' | 'text' | 'string'

interface Placeholder {
  readonly form: Form
  readonly key: string
}

const pattern = /\{\{[ \t]*(?:([A-Za-z][\w-]*)[ \t]+)?([A-Za-z][\w-]*)[ \t]*\}\}/g

/** All that its files ask for, `name` aside, in order. Throws bad-template for a form that the file cannot have. */
export function keysOf({ files }: OwnTemplate): string[] {
  const keys = files.flatMap((file) =>
    [...file.text.matchAll(pattern)].map((match) => readPlaceholder(file, match).key),
  )
  return [...new Set(keys)].filter((key) => key !== 'name')
}

/** As a flag of `slipway new`: `--table TABLE`, `--var owner=VALUE`. */
export function flagOfKey(key: string): string {
  const known = parameterOf(key)
  return known === undefined ? `--var ${key}=VALUE` : `--${key} ${known.placeholder ?? ''}`.trimEnd()
}

function parameterOf(key: string) {
  const name = parameterNames.find((parameter) => flagOfParameter(parameter) === key)
  return name === undefined ? undefined : parameterSpec(name)
}

/** Each file's text with the values in it. Throws bad-template (66), bad-argument (64). */
export function fillTemplate(
  template: OwnTemplate,
  request: OwnRequest,
): { extension: string; text: string }[] {
  const keys = keysOf(template)
  const values = new Map([...request.values, ['name', request.slug]])
  const refuse = (problem: string, wrong?: string) =>
    new SlipwayError('bad-argument', `${template.name}: ${problem}`, {
      hint: commandOf(template, request, { keys, wrong }),
    })
  const missing = keys.filter((key) => !values.has(key)).map(flagOfKey)
  if (missing.length > 0) throw refuse(`missing: ${missing.join(', ')}`)
  for (const [key, text] of request.values) {
    if (!keys.includes(key)) throw refuse(`it has no {{${key}}}`)
    const odd = findOddText(text)
    if (odd !== undefined) throw refuse(`the value of ${key} ${odd}`, key)
  }
  return template.files.map((file) => ({
    extension: file.extension,
    text: file.text.replace(pattern, (...match: string[]) => {
      const { form, key } = readPlaceholder(file, match)
      return write(form, { key, text: values.get(key) ?? '', dialect: request.dialect, refuse })
    }),
  }))
}

function readPlaceholder(
  file: OwnFile,
  [whole = '', form, key = '']: readonly (string | undefined)[],
): Placeholder {
  if (form === undefined) return { form: 'plain', key }
  const allowed: readonly string[] = file.extension.endsWith('.sql') ? ['id', 'text'] : ['string']
  if (allowed.includes(form)) return { form: form as Form, key }
  throw new SlipwayError('bad-template', `${file.shown}: ${whole} has no meaning in such a file`, {
    location: { file: file.shown },
    hint: `write ${allowed.map((each) => `{{${each} ${key}}}`).join(' or ')}, or {{${key}}} for a plain word`,
  })
}

interface Writing {
  readonly key: string
  readonly text: string
  readonly dialect: TemplateDialect | undefined
  readonly refuse: (problem: string, wrong?: string) => SlipwayError
}

function write(form: Form, writing: Writing): string {
  const { key, text, dialect, refuse } = writing
  switch (form) {
    case 'plain':
      if (/^[\p{L}\p{N}_]+(?:[.-][\p{L}\p{N}_]+)*$/u.test(text)) return text
      throw refuse(
        `${key} stands in the template as {{${key}}}, which takes a plain word alone; {{id ${key}}}, {{text ${key}}} or {{string ${key}}} would take any`,
        key,
      )
    case 'string':
      return literal(text)
    case 'text':
      if (dialect === undefined && text.includes('\\'))
        throw refuse(
          `${key} holds a backslash, which each database writes in its own way: add --dialect`,
          key,
        )
      return literalSql(text, dialect ?? 'sqlite')
    case 'id':
      return writeName(writing)
  }
}

function writeName({ key, text, dialect, refuse }: Writing): string {
  try {
    const parsed = parseName(text)
    const longest = Math.max(Buffer.byteLength(parsed.name), Buffer.byteLength(parsed.schema ?? ''))
    if (longest <= postgresNameBytes || dialect === 'sqlite') return barePath(parsed)
  } catch (error) {
    throw refuse(`${key}: ${messageOf(error)}`, key)
  }
  throw refuse(`${key} is longer than the ${postgresNameBytes} bytes that PostgreSQL keeps of a name`, key)
}

/** With what was given, but for what is wrong and what cannot stand in a command. */
function commandOf(
  { name }: OwnTemplate,
  { slug, values }: OwnRequest,
  { keys, wrong }: { readonly keys: readonly string[]; readonly wrong: string | undefined },
): string {
  const flags = keys.map((key) => {
    const given = key === wrong ? undefined : values.get(key)
    const text = given === undefined || findOddText(given) !== undefined ? undefined : given
    if (parameterOf(key) !== undefined) return text === undefined ? flagOfKey(key) : shellFlag(key, text)
    return `--var ${shellWord(`${key}=${text ?? 'VALUE'}`)}`
  })
  return ['slipway new', shellWord(slug), `--template ${shellWord(name)}`, ...flags].join(' ')
}
