/** Values and calls as TypeScript source. Nothing that is given as a value can end its literal. */

/** Source as it is, and nothing else may be written without quotes. */
export interface Code {
  readonly code: string
}

/** An object, in the order of its fields, whatever their names. */
export interface Fields {
  readonly fields: readonly (readonly [key: string, value: Value])[]
}

export type Value = string | number | boolean | null | Code | Fields | readonly Value[]

const width = 110

/** An object with the keys that are not undefined. */
export function object(fields: Readonly<Record<string, Value | undefined>>): Fields {
  return {
    fields: Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  }
}

/** `'it\'s'`: line breaks, U+2028 and lone surrogates included. */
export function literal(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not stand in a literal as it is
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]|\p{Surrogate}/gu, (letter) => {
      return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
    })
  return `'${escaped}'`
}

/** SQL as the inside of a template literal. */
export function templateText(text: string): string {
  return text.replace(/[\\`]|\$(?=\{)/g, (letter) => `\\${letter}`)
}

/** A query that is awaited; of several lines, indented below the tag. */
export function query(lines: readonly string[]): string[] {
  const texts = lines.map(templateText)
  if (texts.length === 1) return [`await sql\`${texts[0]}\``]
  return ['await sql`', ...texts.map((text, index) => `  ${text}${index === texts.length - 1 ? '`' : ''}`)]
}

export interface CallOptions {
  /** So many levels of the last argument are on lines of their own, however short. */
  readonly unfold?: number
}

/** `head(a, b)`: on one line, or with the last argument or all of them on lines of their own. */
export function call(
  head: string,
  values: readonly (Value | undefined)[],
  { unfold = 0 }: CallOptions = {},
): string[] {
  const given = values.filter((value) => value !== undefined)
  const flat = given.map(printFlat)
  const line = `${head}(${flat.join(', ')})`
  const last = given.at(-1)
  if (last === undefined || (unfold === 0 && line.length + bodyIndent <= width)) return [line]
  // As formatters do it: one object is folded open, of several each stands on its line.
  const objects = given.filter((value) => typeof value === 'object' && value !== null && 'fields' in value)
  if (!isFoldable(last) || objects.length > 1) return [`${head}(`, ...flat.map((text) => `  ${text},`), ')']
  const before = flat.slice(0, -1).map((text) => `${text}, `)
  const lines = printLines(last, bodyIndent, unfold)
  return [`${head}(${before.join('')}${lines[0] ?? ''}`, ...lines.slice(1, -1), `${lines.at(-1)})`]
}

/** Of what stands in a function. */
const bodyIndent = 2

function isFoldable(value: Value): value is Fields | readonly Value[] {
  return typeof value === 'object' && value !== null && ('fields' in value || isList(value))
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value)
}

export function printFlat(value: Value): string {
  if (typeof value === 'string') return literal(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if ('code' in value) return value.code
  if (isList(value)) return `[${value.map(printFlat).join(', ')}]`
  if (value.fields.length === 0) return '{}'
  return `{ ${value.fields.map(([key, each]) => `${printKey(key)}: ${printFlat(each)}`).join(', ')} }`
}

/** The first line stands where the value begins, the others relative to the line it begins in. */
function printLines(value: Fields | readonly Value[], before: number, unfold: number): string[] {
  const isObject = 'fields' in value
  const items = isObject ? value.fields : value.map((each) => ['', each] as const)
  const inner = before + 2
  const lines = items.flatMap(([key, each]) => {
    const label = isObject ? `${printKey(key)}: ` : ''
    const short = `${label}${printFlat(each)}`
    const fits = short.length + inner < width
    if (!isFoldable(each) || (fits && unfold <= 1)) return [`  ${short},`]
    const [first = '', ...rest] = printLines(each, inner, unfold - 1)
    return [`${label}${first}`, ...rest].map((text, index) => `  ${text}${index === rest.length ? ',' : ''}`)
  })
  return isObject ? ['{', ...lines, '}'] : ['[', ...lines, ']']
}

/** `__proto__: x` would set what the object inherits from, and a quoted one as well. */
function printKey(key: string): string {
  if (key === '__proto__') return `['__proto__']`
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key)
}
