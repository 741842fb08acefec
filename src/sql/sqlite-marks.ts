/** The tokens of a SQLite statement that are code, and the constraints they make. */
import { readSqliteToken } from './sqlite-tokens.ts'
import { isTrivia, readTokens, type TokenKind } from './token.ts'

/** A token that is code, with what it says: words and names in lower case, names without quotes. */
export interface Mark {
  readonly text: string
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** 0 before the table's parenthesis, 1 inside it; a parenthesis counts as what it encloses. */
  readonly depth: number
}

export type ConstraintKind =
  | 'primary key'
  | 'not null'
  | 'null'
  | 'unique'
  | 'check'
  | 'default'
  | 'collate'
  | 'references'
  | 'foreign key'
  | 'generated'

/** Of a column or of the table; `marks` are all of its tokens. */
export interface Constraint {
  readonly kind: ConstraintKind
  readonly name: string | undefined
  readonly start: number
  readonly end: number
  readonly marks: readonly Mark[]
}

export function readMarks(sql: string): Mark[] {
  let depth = 0
  const marks: Mark[] = []
  for (const token of readTokens(sql, readSqliteToken)) {
    if (isTrivia(token)) continue
    const source = sql.slice(token.start, token.end)
    if (source === '(') depth += 1
    marks.push({
      text: fold(source, token.kind),
      kind: token.kind,
      start: token.start,
      end: token.end,
      depth,
    })
    if (source === ')') depth -= 1
  }
  return marks
}

/** Whether SQLite reads the token as this keyword; a quoted one is a name. */
export function isWord(mark: Mark | undefined, word: string): boolean {
  return mark?.kind === 'word' && mark.text === word
}

/** What a name says where SQLite wants one: it takes 'text' as well. */
export function nameIn(mark: Mark): string {
  return mark.kind === 'string' ? mark.text.slice(1, -1).replaceAll("''", "'").toLowerCase() : mark.text
}

/** Whether these tokens speak of that column: its name, quoted or not, and no function of that name. */
export function mentions(marks: readonly Mark[], column: string): boolean {
  const wanted = column.toLowerCase()
  return marks.some((mark, at) => {
    if (mark.text !== wanted) return false
    if (mark.kind === 'identifier') return true
    return mark.kind === 'word' && marks[at + 1]?.text !== '('
  })
}

export function makeConstraint(
  kind: ConstraintKind,
  named: Mark | undefined,
  marks: readonly Mark[],
): Constraint {
  return {
    kind,
    name: named === undefined ? undefined : nameIn(named),
    start: marks[0]?.start ?? 0,
    end: marks.at(-1)?.end ?? 0,
    marks,
  }
}

function fold(source: string, kind: TokenKind): string {
  if (kind === 'word') return source.toLowerCase()
  if (kind !== 'identifier') return source
  const quote = source.charAt(0)
  const inner = source.slice(1, -1)
  return (quote === '[' ? inner : inner.replaceAll(quote + quote, quote)).toLowerCase()
}
