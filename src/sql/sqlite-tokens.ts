/** SQLite's lexical structure as far as it decides where text and comments end; https://www.sqlite.org/lang.html and tokenize.c */
import { matchEnd, quotedEnd, type Token, type TokenKind } from './token.ts'

const blank = /[ \t\n\r\f]+/y
const lineComment = /--[^\n]*/y
const word = /[A-Za-z0-9_$\u0080-\uffff]+/y

/** Reads one token of SQLite's SQL. */
export function readSqliteToken(text: string, start: number): Token {
  switch (text.charAt(start)) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case '\f':
      return token('blank', start, matchEnd(blank, text, start), text)
    case '-':
      if (!text.startsWith('--', start)) break
      return token('line-comment', start, matchEnd(lineComment, text, start), text)
    case '/':
      if (!text.startsWith('/*', start)) break
      return token('block-comment', start, endAfter(text, '*/', start + 2), text)
    case "'":
      return token('string', start, quotedEnd(text, start), text)
    case '"':
    case '`':
      return token('identifier', start, quotedEnd(text, start), text)
    case '[':
      return token('identifier', start, endAfter(text, ']', start), text)
  }
  const end = matchEnd(word, text, start)
  if (end === undefined) return { kind: 'symbol', start, end: start + 1, closed: true }
  return { kind: 'word', start, end, closed: true }
}

function endAfter(text: string, mark: string, from: number): number | undefined {
  const at = text.indexOf(mark, from)
  return at === -1 ? undefined : at + mark.length
}

function token(kind: TokenKind, start: number, end: number | undefined, text: string): Token {
  return { kind, start, end: end ?? text.length, closed: end !== undefined }
}
