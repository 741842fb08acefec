/** What a SQL text would take away on SQLite, told by its words. */
import { createFormerNames, type FormerNames } from './former-names.ts'
import type { Loss } from './loss.ts'
import { unquoteSqliteName } from './sqlite-head.ts'
import { showSqliteId } from './sqlite-names.ts'
import { readSqliteToken } from './sqlite-tokens.ts'
import { isTrivia, readTokens } from './token.ts'

export function createSqliteNames(): FormerNames {
  return createFormerNames({
    show: (parts) => showSqliteId(parts.at(-1) ?? ''),
    fold: (name) => name.toLowerCase(),
  })
}

/** In the order of the statements, each thing once, by the name that it had before the first that `names` has seen. */
export function findSqliteLosses(texts: readonly string[], names: FormerNames = createSqliteNames()): Loss[] {
  const acts = texts.map(readAct)
  const losses = new Map<string, Loss>()
  for (const [index, act] of acts.entries()) {
    const scene = { index, acts, texts, names }
    for (const loss of lossesOf(act, scene)) losses.set(JSON.stringify(loss), loss)
    remember(act, scene)
  }
  return [...losses.values()]
}

interface Act {
  readonly does: 'drop' | 'drop-column' | 'add-column' | 'rename' | 'rename-column' | 'create' | 'other'
  readonly table: string
  /** The column, or the new name. */
  readonly other: string
  /** Of a column that is renamed. */
  readonly to: string
  /** Tables that rows are deleted from, or replaced in. */
  readonly deletes: readonly string[]
}

const nothing: Act = { does: 'other', table: '', other: '', to: '', deletes: [] }

function readAct(text: string): Act {
  const words = [...wordsOf(text)]
  const lower = words.map((word) => word.toLowerCase())
  const starts = (...expected: string[]) => expected.every((word, index) => lower[index] === word)
  if (starts('drop', 'table'))
    return { ...nothing, does: 'drop', table: nameAt(words, lower[2] === 'if' ? 4 : 2).table }
  if (starts('create', 'table'))
    return lower[2] === 'if' ? nothing : { ...nothing, does: 'create', table: nameAt(words, 2).table }
  // A trigger deletes later.
  if (starts('create')) return nothing
  if (starts('alter', 'table')) return readAlter(words, lower)
  return { ...nothing, deletes: findDeletes(words, lower) }
}

function readAlter(words: readonly string[], lower: readonly string[]): Act {
  const { table, next } = nameAt(words, 2)
  const [verb, second] = lower.slice(next)
  const named = (at: number) => unquoteSqliteName(words[at] ?? '')
  const column = second === 'column' ? next + 2 : next + 1
  if (verb === 'drop') return { ...nothing, does: 'drop-column', table, other: named(column) }
  if (verb === 'add') return { ...nothing, does: 'add-column', table, other: named(column) }
  if (verb !== 'rename') return nothing
  if (second === 'to') return { ...nothing, does: 'rename', table, other: named(next + 2) }
  return { ...nothing, does: 'rename-column', table, other: named(column), to: named(column + 2) }
}

/** `delete from t`, also after `with`; `replace into t`, `insert or replace into t`, `update or replace t`. */
function findDeletes(words: readonly string[], lower: readonly string[]): string[] {
  const found = lower.flatMap((word, index) => {
    if (word === 'delete' && lower[index + 1] === 'from') return [nameAt(words, index + 2).table]
    if (word !== 'replace') return []
    if (lower[index + 1] === 'into') return [nameAt(words, index + 2).table]
    return lower[index - 1] === 'or' && lower[index - 2] === 'update' ? [nameAt(words, index + 1).table] : []
  })
  return [...new Set(found)]
}

function* wordsOf(text: string): Generator<string> {
  for (const token of readTokens(text, readSqliteToken))
    if (!isTrivia(token)) yield text.slice(token.start, token.end)
}

function nameAt(words: readonly string[], at: number): { table: string; next: number } {
  const isQualified = words[at + 1] === '.'
  const word = words[isQualified ? at + 2 : at] ?? ''
  return { table: showSqliteId(unquoteSqliteName(word)), next: isQualified ? at + 3 : at + 1 }
}

interface Scene {
  readonly index: number
  readonly acts: readonly Act[]
  readonly texts: readonly string[]
  readonly names: FormerNames
}

function lossesOf(act: Act, scene: Scene): readonly Loss[] {
  const { names } = scene
  const deleted = act.deletes.flatMap((name): Loss[] => {
    const table = names.table(name)
    return table === undefined ? [] : [{ kind: 'rows', table }]
  })
  if (act.does === 'drop-column') {
    const column = names.column(act.table, act.other)
    return column === undefined ? deleted : [{ kind: 'column', ...column }]
  }
  if (act.does !== 'drop') return deleted
  const table = names.table(act.table)
  if (table === undefined) return deleted
  const create = findSuccessor(act.table, scene)
  return [create === undefined ? { kind: 'table', table } : { kind: 'rebuild', table, create }]
}

/** Created, copied, dropped, renamed: SQLite's way to alter a table. The text that makes the new one. */
function findSuccessor(table: string, scene: Scene): string | undefined {
  const { index, acts, texts } = scene
  const successor = acts.slice(index + 1).find(({ does, other }) => does === 'rename' && isSame(other, table))
  const [name, from] = successor === undefined ? putAside(table, scene) : [successor.table, -1]
  const at = acts.findIndex(
    ({ does, table: made }, place) =>
      does === 'create' && place > from && place < index && name !== undefined && isSame(made, name),
  )
  return at === -1 ? undefined : texts[at]
}

/** The other way about: the old table got another name first. Its first one, and where that was. */
function putAside(table: string, { index, acts }: Scene): readonly [string | undefined, number] {
  const at = acts
    .slice(0, index)
    .findLastIndex(({ does, other }) => does === 'rename' && isSame(other, table))
  return [acts[at]?.table, at]
}

function remember({ does, table, other, to }: Act, scene: Scene): void {
  const { names } = scene
  if (does === 'create') names.makeTable(table)
  if (does === 'add-column') names.makeColumn(table, other)
  if (does === 'rename-column') names.renameColumn(table, other, to)
  if (does === 'rename' && !takesPlace(other, scene)) names.renameTable(table, showSqliteId(other))
  if (does !== 'drop') return
  const [former] = putAside(table, scene)
  if (former !== undefined && findSuccessor(table, scene) !== undefined) names.renameTable(table, former)
}

/** What gets the name of a table that was dropped is that table, made anew. */
function takesPlace(name: string, { index, acts }: Scene): boolean {
  return acts.slice(0, index).some(({ does, table }) => does === 'drop' && isSame(table, name))
}

/** Whether quoted or not. */
function isSame(one: string, other: string): boolean {
  return unquoteSqliteName(one).toLowerCase() === unquoteSqliteName(other).toLowerCase()
}
