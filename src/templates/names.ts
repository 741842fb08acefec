/** Names of tables, columns and constraints among what a template is given. */
import { messageOf } from '../errors.ts'
import { bareName, barePath } from '../sql/bare-name.ts'
import { nameObject, type ObjectKind } from '../sql/object-names.ts'
import { parseName, postgresNameBytes, type QualifiedName } from '../sql/quote.ts'
import type { ParameterName } from './parameters.ts'
import type { Asked } from './template.ts'

export interface TableName extends QualifiedName {
  /** For SQL: `app."Users"`. */
  readonly sql: string
  /** For helpers that take a name as a text: `app.Users`. */
  readonly text: string
}

/** Throws bad-argument. */
export function readTable(
  asked: Asked,
  text = asked.text('table'),
  flag: ParameterName = 'table',
): TableName {
  const parsed = parse(asked, text, flag)
  for (const part of [parsed.schema, parsed.name]) if (part !== undefined) checkName(asked, part, flag)
  return tableName(parsed)
}

/** The same schema, another name. */
export function besideTable({ schema }: TableName, name: string): TableName {
  return tableName(schema === undefined ? { name } : { schema, name })
}

function tableName(parsed: QualifiedName): TableName {
  const parts = parsed.schema === undefined ? [parsed.name] : [parsed.schema, parsed.name]
  return { ...parsed, sql: barePath(parsed), text: parts.map(quoteForTable).join('.') }
}

/** As a table's name is read. */
export function quoteForTable(part: string): string {
  return /[."]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part
}

function parse(asked: Asked, text: string, flag: ParameterName): QualifiedName {
  try {
    return parseName(text)
  } catch (error) {
    throw asked.refuse(`--${flag}: ${messageOf(error)}`, asked.example(flag))
  }
}

/** Names of columns as given; `"a:b"` in quotes. Throws bad-argument for a definition, and for one that is given twice. */
export function readColumnNames(asked: Asked, flag: 'column' | 'was' = 'column'): readonly string[] {
  const names = asked.list(flag).map((text) => {
    const { name, rest } = splitColumn(text)
    if (rest !== undefined)
      throw asked.refuse(`--column takes the name of a column that is there, and ${text} is a definition`, {
        column: asked.list('column').map((each) => (each === text ? quoteForFlag(name) : each)),
      })
    return checkName(asked, name, flag)
  })
  refuseTwice(asked, names, flag)
  return names
}

export function refuseTwice(asked: Asked, names: readonly string[], flag: ParameterName): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw asked.refuse(`--${flag} names ${twice} twice`, { [flag]: withoutSecond(asked.list(flag), twice) })
}

function withoutSecond(texts: readonly string[], twice: string): readonly string[] {
  const isOne = (text: string) => text === twice || splitColumn(text).name === twice
  const [first, second] = [texts.findIndex(isOne), texts.findLastIndex(isOne)]
  // The other one may be the template's own.
  return texts.filter((text, index) => (index === first && second !== first) || !isOne(text))
}

/** As splitColumn reads it. */
export function quoteForFlag(name: string): string {
  return name.includes(':') || name.startsWith('"') ? `"${name.replaceAll('"', '""')}"` : name
}

/** Before and behind the first colon that is not in double quotes; a name in quotes is taken out of them. */
export function splitColumn(text: string): { readonly name: string; readonly rest: string | undefined } {
  const [, quoted, end] = /^"((?:[^"]|"")+)"(:|$)/.exec(text) ?? []
  if (quoted !== undefined) {
    const rest = end === '' ? undefined : text.slice(quoted.length + 3)
    return { name: quoted.replaceAll('""', '"'), rest }
  }
  const colon = text.indexOf(':')
  return colon === -1
    ? { name: text, rest: undefined }
    : { name: text.slice(0, colon), rest: text.slice(colon + 1) }
}

/** Throws bad-argument for a name that PostgreSQL would cut without a word. */
export function checkName(asked: Asked, name: string, flag: ParameterName): string {
  if (name.trim() === '') throw asked.refuse(`--${flag} has a name that is empty`, asked.example(flag))
  const bytes = Buffer.byteLength(name)
  if (bytes > postgresNameBytes && asked.dialect !== 'sqlite')
    throw asked.refuse(
      `--${flag} has a name of ${bytes} bytes, and PostgreSQL would cut it to ${postgresNameBytes}`,
      'give it a shorter name',
    )
  return name
}

/** The one that `--constraint` gives, else PostgreSQL's own. */
export function readConstraintName(
  asked: Asked,
  table: TableName,
  columns: readonly string[],
  kind: ObjectKind,
): string {
  const given = asked.maybe('constraint')
  return given === undefined ? nameObject(table.name, columns, kind) : checkName(asked, given, 'constraint')
}

/** `(a, "B")` */
export function sqlList(names: readonly string[]): string {
  return `(${names.map(bareName).join(', ')})`
}
