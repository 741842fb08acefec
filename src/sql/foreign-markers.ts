/** Lines with which other tools divide a file, and which are mere comments here. */
import { type ReadToken, readTokens } from './token.ts'

/**
 * goose, sql-migrate and micrate (`-- +goose Down`), rambler (`-- rambler down`), node-pg-migrate (`-- Down Migration`),
 * MyBatis (`-- //@UNDO`), Play (`-- !Downs`) and tern (`---- create above / drop below ----`). Only what begins the way
 * down matters: without it, all of the file is up in those tools, too.
 */
const wayDown =
  /--[ \t-]*(?:\+(?:goose|migrate|micrate)[ \t]+down|rambler[ \t]+down|down[ \t]+migration|\/\/[ \t]*@undo|!downs|create above \/ drop below)\b/i
const wholeComment = new RegExp(`^${wayDown.source}[ \\t\\r-]*$`, 'i')

/** The first comment that is such a line, as written and without blanks at its end. */
export function findForeignMarker(
  text: string,
  read: ReadToken,
): { readonly text: string; readonly offset: number } | undefined {
  if (!wayDown.test(text)) return undefined
  for (const token of readTokens(text, read)) {
    if (token.kind !== 'line-comment') continue
    const comment = text.slice(token.start, token.end).trimEnd()
    if (wholeComment.test(comment)) return { text: comment, offset: token.start }
  }
  return undefined
}
