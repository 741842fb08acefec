/** Where an offset is, and the lines to show around it. */
import { maskLine } from './mask-lines.ts'

/** 1-based; columns count UTF-16 units. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

export interface Excerpt extends TextPosition {
  /** Up to two lines before, the line, and a caret below its column; a gutter of line numbers on the left. */
  readonly excerpt: string
}

const linesBefore = 2
const widest = 120
/** How much of a long line stays visible left of the caret. */
const lead = 60

/** The line and column of a 0-based UTF-16 `offset`; an offset outside the text counts as its nearest end. */
export function locate(text: string, offset: number): TextPosition {
  const at = Math.min(Math.max(offset, 0), text.length)
  const lineStart = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
  return { line: countLines(text, lineStart), column: at - lineStart + 1 }
}

/** `locate` with the source around it, passwords hidden, ready to print below a message. */
export function excerptAt(text: string, offset: number): Excerpt {
  const { line, column } = locate(text, offset)
  const lines = text.split('\n')
  const first = Math.max(1, line - linesBefore)
  const gutter = String(line).length
  const masked = (number: number) => maskLine(lines[number - 1] ?? '', lines[number - 2] ?? '')
  const last = masked(line)
  const { text: visible, column: caret } = windowAround(last.text, last.columnOf(column))
  const above = Array.from({ length: line - first }, (_, index) =>
    windowAround(masked(first + index).text, 1),
  )
  const shown = [...above, { text: visible }].map(({ text: source }, index) =>
    `${String(first + index).padStart(gutter)} | ${printable(source)}`.trimEnd(),
  )
  const indent = visible.slice(0, caret - 1).replace(/[^\t]/g, ' ')
  return { line, column, excerpt: [...shown, `${' '.repeat(gutter)} | ${indent}^`].join('\n') }
}

function countLines(text: string, end: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** The part of a long line that holds `column`, and that column inside it; cut ends are marked with an ellipsis. */
function windowAround(line: string, column: number): { text: string; column: number } {
  if (line.length <= widest) return { text: line, column }
  const wanted = Math.min(Math.max(0, column - 1 - lead), line.length - widest)
  const from = atCharacter(line, wanted)
  const to = atCharacter(line, from + widest)
  const before = from > 0 ? '…' : ''
  const after = to < line.length ? '…' : ''
  return { text: before + line.slice(from, to) + after, column: column - from + before.length }
}

/** Steps back where `offset` would split a surrogate pair. */
function atCharacter(line: string, offset: number): number {
  const code = line.charCodeAt(offset)
  return offset > 0 && code >= 0xdc00 && code <= 0xdfff ? offset - 1 : offset
}

/** A terminal must not obey what a file holds. */
function printable(line: string): string {
  return line.replace(/[^\P{Cc}\t]/gu, '\ufffd')
}
