/** What a SQL text would take away on SQLite, told by its first words. */
import type { Loss } from './loss.ts'
import { headOf, unquoteSqliteName } from './sqlite-head.ts'
import { showSqliteId } from './sqlite-names.ts'

/** In the order of the statements, each thing once. */
export function findSqliteLosses(texts: readonly string[]): Loss[] {
  const heads = texts.map(readHead)
  const losses = new Map<string, Loss>()
  for (const [index, head] of heads.entries()) {
    const loss = lossOf(head, heads.slice(0, index), heads.slice(index + 1), texts)
    if (loss !== undefined) losses.set(JSON.stringify(loss), loss)
  }
  return [...losses.values()]
}

interface Head {
  readonly does: 'drop' | 'drop-column' | 'delete' | 'rename' | 'create' | 'other'
  readonly table: string
  /** The column, or the new name. */
  readonly other: string
}

const nothing: Head = { does: 'other', table: '', other: '' }

function readHead(text: string): Head {
  const words = headOf(text, 12)
  const lower = words.map((word) => word.toLowerCase())
  const starts = (...expected: string[]) => expected.every((word, index) => lower[index] === word)
  if (starts('drop', 'table')) {
    const { table } = nameAt(words, lower[2] === 'if' ? 4 : 2)
    return { does: 'drop', table, other: '' }
  }
  if (starts('delete', 'from')) return { does: 'delete', table: nameAt(words, 2).table, other: '' }
  if (starts('create', 'table')) {
    const { table } = nameAt(words, lower[2] === 'if' ? 5 : 2)
    return { does: 'create', table, other: '' }
  }
  if (!starts('alter', 'table')) return nothing
  const { table, next } = nameAt(words, 2)
  const [verb, second] = lower.slice(next)
  if (verb === 'drop') {
    const at = second === 'column' ? next + 2 : next + 1
    return { does: 'drop-column', table, other: unquoteSqliteName(words[at] ?? '') }
  }
  if (verb === 'rename' && second === 'to')
    return { does: 'rename', table, other: unquoteSqliteName(words[next + 2] ?? '') }
  return nothing
}

function nameAt(words: readonly string[], at: number): { table: string; next: number } {
  const isQualified = words[at + 1] === '.'
  const word = words[isQualified ? at + 2 : at] ?? ''
  return { table: unquoteSqliteName(word), next: isQualified ? at + 3 : at + 1 }
}

function lossOf(
  { does, table, other }: Head,
  before: readonly Head[],
  after: readonly Head[],
  texts: readonly string[],
): Loss | undefined {
  const former = before.findLast((head) => head.does === 'rename' && isSame(head.other, table))
  const named = showSqliteId(former?.table ?? table)
  switch (does) {
    case 'delete':
      return { kind: 'rows', table: named }
    case 'drop-column':
      return { kind: 'column', table: named, column: other }
    case 'drop': {
      // Created, copied, dropped, renamed: SQLite's way to alter a table.
      const successor = after.find((head) => head.does === 'rename' && isSame(head.other, table))?.table
      const create = before.findIndex((head) => head.does === 'create' && isSame(head.table, successor ?? ''))
      return successor === undefined || create === -1
        ? { kind: 'table', table: named }
        : { kind: 'rebuild', table: named, create: texts[create] ?? '' }
    }
    default:
      return undefined
  }
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
