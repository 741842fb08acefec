/** Foreign text (server messages, file excerpts, other sessions' names) made harmless for a terminal. */
import { stripVTControlCharacters } from 'node:util'

/** Without escape sequences and control characters; line breaks and tabs stay. */
export function visibleText(text: string): string {
  return (
    stripVTControlCharacters(text)
      .replace(/\r\n?/g, '\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
  )
}

/** As `visibleText`, on one line, at most `max` code points, cut with an ellipsis. Redact before: a cut secret no longer matches. */
export function oneLine(text: string, max: number): string {
  const flat = visibleText(text).replace(/\s+/g, ' ').trim()
  const points = [...flat]
  return points.length <= max ? flat : `${points.slice(0, max - 1).join('')}…`
}
