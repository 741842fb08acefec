/** What follows a column's name in `create table`: its type and its constraints. */
import { type Constraint, type ConstraintKind, isWord, type Mark, makeConstraint } from './sqlite-marks.ts'

export interface ColumnRest {
  readonly type: readonly Mark[]
  readonly constraints: readonly Constraint[]
}

const beginnings: Readonly<Record<string, ConstraintKind>> = {
  primary: 'primary key',
  not: 'not null',
  null: 'null',
  unique: 'unique',
  check: 'check',
  default: 'default',
  collate: 'collate',
  references: 'references',
  generated: 'generated',
  as: 'generated',
}

/** https://www.sqlite.org/syntax/column-def.html */
export function readColumnConstraints(marks: readonly Mark[]): ColumnRest {
  let at = 0
  while (at < marks.length && !begins(marks[at])) at += 1
  const type = marks.slice(0, at)
  const constraints: Constraint[] = []
  while (at < marks.length) {
    const isNamed = isWord(marks[at], 'constraint')
    const head = at + (isNamed ? 2 : 0)
    const kind = beginnings[marks[head]?.text ?? ''] ?? 'null'
    const end = Math.max(endOf(kind, marks, head), at + 1)
    constraints.push(makeConstraint(kind, isNamed ? marks[at + 1] : undefined, marks.slice(at, end)))
    at = end
  }
  return { type, constraints }
}

function begins(mark: Mark | undefined): boolean {
  if (mark?.depth !== 1 || mark.kind !== 'word') return false
  return mark.text === 'constraint' || beginnings[mark.text] !== undefined
}

/** Where the constraint whose keyword is at `head` ends, exclusive. */
function endOf(kind: ConstraintKind, marks: readonly Mark[], head: number): number {
  if (kind === 'default') return endOfDefault(marks, head + 1)
  if (kind === 'references') return endOfReferences(marks, head + 1)
  // `not null`, `primary key`, and `generated always as` hold further keywords before they are over.
  let at = head + (kind === 'not null' || kind === 'primary key' ? 2 : 1)
  if (isWord(marks[head], 'generated')) at = head + 3
  if (kind === 'collate') at = head + 2
  while (at < marks.length && !begins(marks[at])) at += 1
  return at
}

/** `(expression)`, a signed number, or one literal; https://www.sqlite.org/syntax/literal-value.html */
function endOfDefault(marks: readonly Mark[], from: number): number {
  const first = marks[from]
  if (first?.text === '(') {
    const close = marks.findIndex(({ text, depth }, at) => at > from && text === ')' && depth === first.depth)
    return close + 1
  }
  let at = from
  if (first?.kind === 'symbol' && /[+-]/.test(first.text)) at += 1
  const literal = marks[at]?.text ?? ''
  at += 1
  // 1.5e-3 is several tokens without a blank between them, and so is x'00'.
  const isSplit = /^[\d.]/.test(literal) || (literal === 'x' && marks[at]?.kind === 'string')
  while (isSplit && at < marks.length && marks[at]?.start === marks[at - 1]?.end) at += 1
  return at
}

/** `on delete set null` and `not deferrable` hold words that begin a constraint elsewhere. */
function endOfReferences(marks: readonly Mark[], from: number): number {
  let at = from + 1
  while (at < marks.length) {
    const words = marks.slice(at, at + 4).map(({ text, kind }) => (kind === 'word' ? text : ''))
    if (words[0] === 'on') at += words[2] === 'set' || words[2] === 'no' ? 4 : 3
    else if (words[0] === 'not' && words[1] === 'deferrable') at += 2
    else if (begins(marks[at])) break
    else at += 1
  }
  return at
}
