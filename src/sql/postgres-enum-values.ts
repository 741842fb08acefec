/** Enum values that one migration adds and a later one may use, which one transaction does not allow. */
import type { ParsedStatement } from './statement.ts'

interface Body {
  readonly name: string
  readonly statements: readonly ParsedStatement[]
}

const addition = /^alter\s+type\s+(.+?)\s+add\s+value\s+(?:if\s+not\s+exists\s+)?e?('(?:[^']|'')*')/is
const creation = /^create\s+type\s+(.+?)\s+as\s+enum\b/is
const alteration = /^alter\s+type\b/i

/**
 * By migration: which value it seems to use that an earlier one of the same run adds (55P04). A literal of that text is
 * taken for a use. Types made in the run itself are free from PostgreSQL 17 on; what scripts send is not known.
 * https://www.postgresql.org/docs/current/sql-altertype.html
 */
export function findEnumUses(bodies: readonly Body[], serverVersion: string): ReadonlyMap<string, string> {
  const newTypesAreFree = Number.parseInt(serverVersion, 10) >= 17
  const created = new Set<string>()
  const added = new Map<string, string>()
  const found = new Map<string, string>()
  for (const { name, statements } of bodies) {
    const own = new Map<string, string>()
    for (const { text } of statements) {
      const [, newType] = creation.exec(text) ?? []
      if (newType !== undefined) created.add(plain(newType))
      const [, type = '', value] = addition.exec(text) ?? []
      if (value !== undefined && !(newTypesAreFree && created.has(plain(type))))
        own.set(value, `${value} to ${type}`)
      const used = alteration.test(text)
        ? undefined
        : [...added.keys()].find((literal) => text.includes(literal))
      if (used !== undefined && !found.has(name))
        found.set(
          name,
          `it uses ${used}, and the same run adds ${added.get(used)}: PostgreSQL wants a commit in between`,
        )
    }
    for (const [value, what] of own) added.set(value, what)
  }
  return found
}

function plain(type: string): string {
  return type.replaceAll('"', '').toLowerCase()
}
