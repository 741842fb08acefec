/** What the tables and columns that a statement names were called before the first of the downs that are read. */
import { parseName } from './quote.ts'

/** Carried from statement to statement, and from one down to the next. Names are as they are written in SQL. */
export interface FormerNames {
  /** Undefined: made by one of the statements that were read, so nobody's rows are in it yet. */
  table(name: string): string | undefined
  column(table: string, column: string): { readonly table: string; readonly column: string } | undefined
  schema(name: string): string
  renameTable(from: string, to: string): void
  renameColumn(table: string, from: string, to: string): void
  /** `from` and `to` are not quoted. */
  renameSchema(from: string, to: string): void
  makeTable(name: string): void
  makeColumn(table: string, column: string): void
}

export interface Spelling {
  /** Quoted where it must be. */
  show(parts: readonly (string | undefined)[]): string
  /** What makes two spellings one name. */
  fold(name: string): string
}

const made = Symbol('made')

export function createFormerNames({ show, fold }: Spelling): FormerNames {
  const tables = new Map<string, string | typeof made>()
  const columns = new Map<string, string | typeof made>()
  const schemas = new Map<string, string>()
  const keyOf = (table: string, column: string) => `${fold(table)} ${fold(column)}`

  /** `users` and `public.users` may be one: what was said of either counts for both. */
  const find = (name: string): string | typeof made | undefined => {
    const exact = tables.get(fold(name))
    if (exact !== undefined) return exact
    const wanted = parseName(name)
    const similar = [...tables.keys()].find((key) => {
      const { schema, name: last } = parseName(key)
      return (schema === undefined) !== (wanted.schema === undefined) && last === fold(wanted.name)
    })
    return similar === undefined ? undefined : tables.get(similar)
  }
  const table = (name: string): string | undefined => {
    const known = find(name)
    if (known !== undefined) return known === made ? undefined : known
    const { schema, name: last } = parseName(name)
    const former = schema === undefined ? undefined : schemas.get(fold(schema))
    return former === undefined ? name : show([former, last])
  }
  return {
    table,
    column(name, column) {
      const former = table(name)
      if (former === undefined) return undefined
      const known = columns.get(keyOf(former, column))
      return known === made ? undefined : { table: former, column: known ?? column }
    },
    schema: (name) => schemas.get(fold(name)) ?? name,
    renameTable: (from, to) => void tables.set(fold(to), table(from) ?? made),
    renameColumn(name, from, to) {
      const former = table(name)
      if (former !== undefined) columns.set(keyOf(former, to), columns.get(keyOf(former, from)) ?? from)
    },
    renameSchema: (from, to) => void schemas.set(fold(to), schemas.get(fold(from)) ?? from),
    makeTable: (name) => void tables.set(fold(name), made),
    makeColumn(name, column) {
      const former = table(name)
      if (former !== undefined) columns.set(keyOf(former, column), made)
    },
  }
}
