/** Puts a statement together from texts, values and what a migration gave as a template. */
import type { SqlText } from '../dialect.ts'

export interface SqlBuilder {
  readonly text: string
  readonly values: readonly unknown[]
  add(text: string): SqlBuilder
  /** A value that the server reads as `type`. */
  bind(value: unknown, type: string): SqlBuilder
  insert(part: SqlText): SqlBuilder
}

export function buildSql(): SqlBuilder {
  const values: unknown[] = []
  let text = ''
  const builder: SqlBuilder = {
    get text() {
      return text
    },
    values,
    add(part) {
      text += part
      return builder
    },
    bind(value, type) {
      values.push(value)
      return builder.add(`$${values.length}::${type}`)
    },
    insert(part) {
      for (const [index, string] of part.strings.entries()) {
        text += string
        if (index >= part.values.length) continue
        values.push(part.values[index])
        text += `$${values.length}`
      }
      return builder
    },
  }
  return builder
}
