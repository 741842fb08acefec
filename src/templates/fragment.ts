/** Pieces of SQL that a template is given: one expression each, which cannot end where the template put it. */
import { bareName } from '../sql/bare-name.ts'
import { readPostgresToken } from '../sql/postgres-tokens.ts'
import { readSqliteToken } from '../sql/sqlite-tokens.ts'
import { type ReadToken, readTokens } from '../sql/token.ts'
import type { Asked, TemplateDialect } from './template.ts'

const readers = { postgres: readPostgresToken, sqlite: readSqliteToken } as const
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** What is wrong with it as it would follow `--check `; undefined where it can be put into a statement. */
export function findFragmentFault(text: string, dialect: TemplateDialect | undefined): string | undefined {
  if (text.trim() === '') return 'is empty'
  const read = dialect === undefined ? [readers.postgres, readers.sqlite] : [readers[dialect]]
  for (const each of read) {
    const fault = findFault(text, each)
    if (fault !== undefined) return fault
  }
  return undefined
}

function findFault(text: string, read: ReadToken): string | undefined {
  const open: string[] = []
  for (const { kind, start, end, closed } of readTokens(text, read)) {
    const source = text.slice(start, end)
    if (!closed) return `has a quote or comment that does not end: ${source.slice(0, 20)}`
    if (kind === 'line-comment' || kind === 'block-comment') return 'holds a comment'
    if (kind !== 'symbol') continue
    if (source === ';') return 'holds a semicolon: one expression, not a statement'
    const expected = closing[source]
    if (expected !== undefined) open.push(expected)
    else if (/[)\]}]/.test(source) && open.pop() !== source) return `has a ${source} too many`
  }
  const missing = open.pop()
  return missing === undefined ? undefined : `lacks a ${missing}`
}

/** What may be columns in it, each once: names that are neither key words nor functions. */
export function namesIn(fragment: string): readonly string[] {
  const names = new Set<string>()
  for (const { kind, start, end } of readTokens(fragment, readers.postgres)) {
    const source = fragment.slice(start, end)
    const isCalled = /^\s*\(/.test(fragment.slice(end))
    if (kind === 'identifier') names.add(source.slice(1, -1).replaceAll('""', '"'))
    else if (kind === 'word' && !isCalled && bareName(source.toLowerCase()) === source.toLowerCase())
      names.add(source.toLowerCase())
  }
  return [...names]
}

/** Undefined where it is not given. Throws bad-argument. */
export function readFragment(asked: Asked, flag: 'where' | 'check' | 'set' | 'undo'): string | undefined {
  const text = asked.maybe(flag)
  const fault = text === undefined ? undefined : findFragmentFault(text, asked.dialect)
  if (fault !== undefined) throw asked.refuse(`--${flag} ${fault}`, asked.example(flag))
  return text
}
