/**
 * PostgreSQL's lexical structure as far as it decides where text and comments end, with standard_conforming_strings on;
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
import { matchEnd, quotedEnd, type Token, type TokenKind } from './token.ts'

const blank = /[ \t\n\r\f\v]+/y
const lineComment = /--[^\n\r]*/y
const word = /[A-Za-z0-9_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y
/** A string goes on in the next quote when a line break is between them; an E'…' keeps its escapes there. */
const continuation = /[ \t\f\v]*[\n\r][ \t\n\r\f\v]*(?=')/y
const commentMark = /\/\*|\*\//g

/** Reads one token of PostgreSQL's SQL. */
export function readPostgresToken(text: string, start: number): Token {
  switch (text.charAt(start)) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case '\f':
    case '\v':
      return token('blank', start, matchEnd(blank, text, start), text)
    case '-':
      if (!text.startsWith('--', start)) break
      return token('line-comment', start, matchEnd(lineComment, text, start), text)
    case '/':
      if (!text.startsWith('/*', start)) break
      return token('block-comment', start, nestedCommentEnd(text, start), text)
    case "'":
      return token('string', start, quotedEnd(text, start), text)
    case '"':
      return token('identifier', start, quotedEnd(text, start), text)
    case '$':
      return readDollar(text, start)
  }
  return readWord(text, start)
}

/** Where the block comment that begins at `start` ends; PostgreSQL nests them. Undefined when it never does. */
export function nestedCommentEnd(text: string, start: number): number | undefined {
  let depth = 0
  let at: number | undefined = start
  for (;;) {
    at = matchEnd(commentMark, text, at)
    if (at === undefined) return undefined
    depth += text.charAt(at - 1) === '*' ? 1 : -1
    if (depth === 0) return at
  }
}

function readWord(text: string, start: number): Token {
  const end = matchEnd(word, text, start)
  if (end === undefined) return { kind: 'symbol', start, end: start + 1, closed: true }
  const isEscapePrefix = end === start + 1 && /[eE]/.test(text.charAt(start)) && text.charAt(end) === "'"
  if (isEscapePrefix) return token('string', start, escapeStringEnd(text, end), text)
  return { kind: 'word', start, end, closed: true }
}

function escapeStringEnd(text: string, quote: number): number | undefined {
  let at = quote
  for (;;) {
    const end = escapedQuoteEnd(text, at)
    if (end === undefined) return undefined
    const next = matchEnd(continuation, text, end)
    if (next === undefined) return end
    at = next
  }
}

function escapedQuoteEnd(text: string, quote: number): number | undefined {
  for (let at = quote + 1; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (char === '\\') at += 1
    else if (char === "'" && text.charAt(at + 1) === "'") at += 1
    else if (char === "'") return at + 1
  }
  return undefined
}

function readDollar(text: string, start: number): Token {
  const bodyStart = matchEnd(dollarTag, text, start)
  if (bodyStart === undefined) return { kind: 'symbol', start, end: start + 1, closed: true }
  const tag = text.slice(start, bodyStart)
  const close = text.indexOf(tag, bodyStart)
  return token('string', start, close === -1 ? undefined : close + tag.length, text)
}

function token(kind: TokenKind, start: number, end: number | undefined, text: string): Token {
  return { kind, start, end: end ?? text.length, closed: end !== undefined }
}
