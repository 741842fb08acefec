/** Where an offset is, and the lines to show around it. */

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

/** `locate` with the source around it, ready to print below a message. */
export function excerptAt(text: string, offset: number): Excerpt {
  const { line, column } = locate(text, offset)
  const lines = text.split('\n')
  const first = Math.max(1, line - linesBefore)
  const gutter = String(line).length
  const shown = lines.slice(first - 1, line).map((source, index) => {
    const number = first + index
    const visible = number === line ? windowAround(source, column).text : windowAround(source, 1).text
    return `${String(number).padStart(gutter)} | ${printable(visible)}`.trimEnd()
  })
  const { text: visible, column: caret } = windowAround(lines[line - 1] ?? '', column)
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
