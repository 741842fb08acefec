/** Changes to the text of a `create table`; everything that is not meant to change stays as it was written. */
import { quoteSqliteId } from './quote.ts'
import { type Constraint, readMarks } from './sqlite-marks.ts'
import type { ColumnText, TableText } from './sqlite-table.ts'

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export function applyEdits(sql: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start || b.end - a.end)
    .reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), sql)
}

/** The same table under another name, of the schema main. */
export function renameIn(table: TableText, name: string): Edit {
  return { ...table.name, text: quoteSqliteId(name) }
}

/** Behind everything the table has. */
export function appendConstraint({ columns, constraints }: TableText, text: string): Edit {
  const end = (constraints.at(-1) ?? columns.at(-1))?.end ?? 0
  return { start: end, end, text: `, ${text}` }
}

/** Behind the last column; constraints of the table come after all columns. */
export function appendColumn({ columns }: TableText, text: string): Edit {
  const end = columns.at(-1)?.end ?? 0
  return { start: end, end, text: `, ${text}` }
}

/** A column or a constraint of the table, with the comma in front of it, or behind the first one. */
export function removeItem(
  { sql }: TableText,
  item: { readonly start: number; readonly end: number },
): Edit[] {
  const marks = readMarks(sql)
  const before = marks.findLast(({ end }) => end <= item.start)
  const after = marks.find(({ start }) => start >= item.end)
  // A constraint that no comma parts from the next one leaves it the comma in front.
  const isFollowed = after !== undefined && after.text !== ',' && after.text !== ')'
  if (before?.text === ',' && isFollowed) return [{ start: item.start, end: after.start, text: '' }]
  if (before?.text === ',')
    return [
      { start: before.start, end: before.end, text: '' },
      { start: Math.max(before.end, startWithBlank(sql, item.start)), end: item.end, text: '' },
    ]
  if (after?.text !== ',') return [{ start: item.start, end: item.end, text: '' }]
  const blank = /^[ \t\r\n\f]*/.exec(sql.slice(after.end))?.[0].length ?? 0
  return [
    { start: item.start, end: item.end, text: '' },
    { start: after.start, end: after.end + blank, text: '' },
  ]
}

/** A constraint of a column, with the blank in front of it. */
export function removeColumnConstraint(sql: string, { start, end }: Constraint): Edit {
  return { start: startWithBlank(sql, start), end, text: '' }
}

export function appendToColumn({ end }: ColumnText, text: string): Edit {
  return { start: end, end, text: ` ${text}` }
}

export function replaceType({ type, nameEnd }: ColumnText, text: string): Edit {
  return type === undefined
    ? { start: nameEnd, end: nameEnd, text: ` ${text}` }
    : { start: type.start, end: type.end, text }
}

/** Where the blank in front of `at` begins; a comment in front of it needs the blank for its own end. */
function startWithBlank(sql: string, at: number): number {
  const before = readMarks(sql).findLast(({ end }) => end <= at)?.end ?? at
  return /^[ \t\r\n\f]*$/.test(sql.slice(before, at)) ? before : at
}
