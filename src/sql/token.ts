/** The light tokenizers' common vocabulary: enough to know what is text, what is a comment, and what is code. */

export type TokenKind =
  | 'blank'
  | 'line-comment'
  | 'block-comment'
  /** A quoted value: '…', E'…', $tag$…$tag$. */
  | 'string'
  /** A quoted identifier: "…", and on SQLite […] and `…`. */
  | 'identifier'
  /** A keyword, a bare identifier or a number. */
  | 'word'
  /** One character of anything else. */
  | 'symbol'

/** `start` and `end` are UTF-16 offsets, `end` exclusive. */
export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** False for a quote or a block comment that runs to the end of the text without its closing mark. */
  readonly closed: boolean
}

/** Reads the token that begins at `start`; `start` is inside the text. */
export type ReadToken = (text: string, start: number) => Token

/** All tokens in order; together they cover the text without gaps. */
export function* readTokens(text: string, read: ReadToken): Generator<Token, void, undefined> {
  let at = 0
  while (at < text.length) {
    const token = read(text, at)
    yield token
    at = token.end
  }
}

/** Blanks and comments: what a server skips. */
export function isTrivia(token: Token): boolean {
  return token.kind === 'blank' || token.kind === 'line-comment' || token.kind === 'block-comment'
}

/** Where a sticky or global `pattern` that is matched at `at` ends, or undefined where it does not match. */
export function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/**
 * Where the quoted text that begins at `start` ends, a doubled quote standing for itself. Undefined when it never does.
 * A loop, because a pattern for it overflows the stack on texts of megabytes.
 */
export function quotedEnd(text: string, start: number): number | undefined {
  const quote = text.charAt(start)
  let at = start
  for (;;) {
    const close = text.indexOf(quote, at + 1)
    if (close === -1) return undefined
    if (text.charAt(close + 1) !== quote) return close + 1
    at = close + 1
  }
}
