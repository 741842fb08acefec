/** Lines of a migration as they may be shown below an error: without the strings of lines that speak of a password. */
import { secretWord, urlPassword } from './mask-passwords.ts'

/** Of SQL and of scripts; one that goes on in the next line, or began in the one before, ends with the line. */
const stringOfLine = /\$(\w*)\$.*?(?:\$\1\$|$)|'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|$)/g

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A shown line, and where a 1-based column of the original is in it. */
export interface MaskedLine {
  readonly text: string
  columnOf(column: number): number
}

/** `before` is the line above: a password may stand in the line after the word. */
export function maskLine(line: string, before: string): MaskedLine {
  const edits = secretWord.test(line) || secretWord.test(before) ? strings(line) : passwordsOfUrls(line)
  let text = ''
  let from = 0
  for (const edit of edits) {
    text += line.slice(from, edit.start) + edit.text
    from = edit.end
  }
  return { text: text + line.slice(from), columnOf: (column) => moveColumn(edits, column) }
}

function strings(line: string): Edit[] {
  return [...line.matchAll(stringOfLine)].map((match) => toEdit(match, "'***'"))
}

function passwordsOfUrls(line: string): Edit[] {
  return [...line.matchAll(urlPassword)].map((match) => toEdit(match, `${match[1] ?? ''}***@`))
}

function toEdit(match: RegExpExecArray, text: string): Edit {
  return { start: match.index, end: match.index + match[0].length, text }
}

/** What points into a hidden string points at its start. */
function moveColumn(edits: readonly Edit[], column: number): number {
  let moved = column
  for (const { start, end, text } of edits) {
    if (end < column) moved += text.length - (end - start)
    else if (start < column) moved -= column - 1 - start
  }
  return moved
}
