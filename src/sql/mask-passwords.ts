/** SQL as it may be logged. */
import { readPostgresToken } from './postgres-tokens.ts'
import { isTrivia, readTokens, type Token } from './token.ts'

export const secretWord = /pass(?:word|wd|phrase)|secret|credential/i
const assignment = /(?:pass(?:word|wd|phrase)|secret|credential)\w*\s*[=:]/i
export const urlPassword = /([a-z][\w+.-]*:\/\/[^\s:@/'"]*:)[^\s'"]+@/gi

/**
 * The text with `'***'` for every string of a statement that speaks of a password anywhere, and without passwords in
 * URLs. Rather too much than too little: what a string holds (another statement, a connection string) is not looked at.
 * Reads PostgreSQL's quotes, of which SQLite's are a part.
 */
export function maskPasswords(text: string): string {
  const masked = secretWord.test(text) ? splitStatements(text).map(maskStatement).join('') : text
  return masked.replace(urlPassword, '$1***@')
}

/** Each with the semicolon and the blanks around it. */
function splitStatements(text: string): string[] {
  const parts: string[] = []
  let from = 0
  for (const token of readTokens(text, readPostgresToken)) {
    if (token.kind !== 'symbol' || text.charAt(token.start) !== ';') continue
    parts.push(text.slice(from, token.end))
    from = token.end
  }
  return [...parts, text.slice(from)]
}

function maskStatement(text: string): string {
  return secretWord.test(text) ? maskStrings(text) : text
}

function maskStrings(text: string): string {
  let last = ''
  let masked = ''
  for (const token of readTokens(text, readPostgresToken)) {
    const part = text.slice(token.start, token.end)
    masked += maskToken(token, part, last)
    if (!isTrivia(token)) last = part
  }
  return masked
}

/** `last` is what stands before it, blanks and comments aside. */
function maskToken({ kind }: Token, part: string, last: string): string {
  if (kind === 'line-comment') return secretWord.test(part) ? '-- ***' : part
  if (kind === 'block-comment') return secretWord.test(part) ? '/* *** */' : part
  if (kind !== 'string') return part
  const [tag = ''] = /^\$\w*\$/.exec(part) ?? []
  // The body of a function or a DO block is code again.
  const isBody = tag !== '' && !secretWord.test(last) && !assignment.test(part)
  return isBody ? tag + maskStrings(part.slice(tag.length, -tag.length)) + tag : "'***'"
}
