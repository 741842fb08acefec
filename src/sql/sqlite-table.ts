/**
 * A stored `create table` as SQLite keeps it, taken apart by tokens: CHECK, COLLATE, STRICT and the like exist only in
 * this text. Grammar: https://www.sqlite.org/lang_createtable.html
 */
import { readColumnConstraints } from './sqlite-column.ts'
import {
  type Constraint,
  type ConstraintKind,
  isWord,
  type Mark,
  makeConstraint,
  nameIn,
  readMarks,
} from './sqlite-marks.ts'

export interface ColumnText {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly nameEnd: number
  /** Undefined for a column without a type. */
  readonly type: { readonly start: number; readonly end: number } | undefined
  readonly constraints: readonly Constraint[]
}

export interface TableText {
  readonly sql: string
  /** Of the table's name, with its quotes. */
  readonly name: { readonly start: number; readonly end: number }
  readonly columns: readonly ColumnText[]
  readonly constraints: readonly Constraint[]
}

const tableConstraints: Readonly<Record<string, ConstraintKind>> = {
  primary: 'primary key',
  unique: 'unique',
  check: 'check',
  foreign: 'foreign key',
}

/** Undefined for what is no `create table … ( … )`: a virtual table. */
export function readSqliteTable(sql: string): TableText | undefined {
  const marks = readMarks(sql)
  const open = marks.findIndex(({ text, kind }) => text === '(' && kind === 'symbol')
  const name = marks[open - 1]
  if (name === undefined || marks[0]?.text !== 'create' || marks.some(isVirtual)) return undefined
  const close = marks.findIndex(({ text, depth }, at) => at > open && text === ')' && depth === 1)
  const columns: ColumnText[] = []
  const constraints: Constraint[] = []
  for (const item of splitItems(marks.slice(open + 1, close))) {
    if (isWord(item[0], 'constraint') || tableConstraints[wordIn(item[0])] !== undefined)
      constraints.push(...splitTableConstraints(item))
    else columns.push(readColumn(item))
  }
  return { sql, name: { start: name.start, end: name.end }, columns, constraints }
}

/** The names in the first parentheses: the columns of a key. */
export function columnsIn({ marks }: Constraint): string[] {
  const open = marks.findIndex(({ text }) => text === '(')
  const inner = marks[open]
  if (inner === undefined) return []
  const close = marks.findIndex(({ text, depth }, at) => at > open && text === ')' && depth === inner.depth)
  return splitItems(marks.slice(open + 1, close), inner.depth).flatMap(([first]) =>
    first === undefined ? [] : [nameIn(first)],
  )
}

function isVirtual(mark: Mark, at: number): boolean {
  return at === 1 && isWord(mark, 'virtual')
}

function wordIn(mark: Mark | undefined): string {
  return mark?.kind === 'word' ? mark.text : ''
}

function splitItems(marks: readonly Mark[], depth = 1): Mark[][] {
  const items: Mark[][] = [[]]
  for (const mark of marks) {
    if (mark.text === ',' && mark.kind === 'symbol' && mark.depth === depth) items.push([])
    else items.at(-1)?.push(mark)
  }
  return items.filter((item) => item.length > 0)
}

/** SQLite lets the commas between the table's constraints be left out. */
function splitTableConstraints(item: readonly Mark[]): Constraint[] {
  const found: Constraint[] = []
  for (let at = 0; at < item.length; ) {
    const isNamed = isWord(item[at], 'constraint')
    const head = at + (isNamed ? 2 : 0)
    let end = head + 1
    while (end < item.length && !beginsConstraint(item[end])) end += 1
    const marks = item.slice(at, end)
    const named = isNamed ? item[at + 1] : undefined
    found.push(makeConstraint(tableConstraints[wordIn(item[head])] ?? 'check', named, marks))
    at = end
  }
  return found
}

function beginsConstraint(mark: Mark | undefined): boolean {
  return mark?.depth === 1 && (isWord(mark, 'constraint') || tableConstraints[wordIn(mark)] !== undefined)
}

function readColumn(item: readonly Mark[]): ColumnText {
  const [name, ...rest] = item
  if (name === undefined) throw new Error('a column without a name')
  const { type, constraints } = readColumnConstraints(rest)
  const [first, last] = [type[0], type.at(-1)]
  return {
    name: nameIn(name),
    start: name.start,
    end: item.at(-1)?.end ?? name.end,
    nameEnd: name.end,
    type: first === undefined || last === undefined ? undefined : { start: first.start, end: last.end },
    constraints,
  }
}
