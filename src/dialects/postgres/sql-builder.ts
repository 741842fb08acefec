/** Puts a statement together from texts, values and what a migration gave as a template. */
import type { SqlText } from '../dialect.ts'

export interface SqlBuilder {
  readonly text: string
  readonly values: readonly unknown[]
  add(text: string): SqlBuilder
  /** A text that the server reads as `type`; as a value of that type the driver would cut a timestamp to milliseconds. */
  bind(text: string | null, type: string): SqlBuilder
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
    bind(bound, type) {
      values.push(bound)
      return builder.add(`$${values.length}::pg_catalog.text::${type}`)
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
