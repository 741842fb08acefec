/** Foreign text (server messages, file excerpts, other sessions' names) made harmless for a terminal. */

/* biome-ignore-all lint/suspicious/noControlCharactersInRegex: removing them is the purpose */

/**
 * Escape sequences of ECMA-48: control strings with their terminator, CSI sequences, two-character escapes. Not
 * node:util's stripVTControlCharacters, which leaves parts of them on older Node versions.
 */
const sequences =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g

/** Without escape sequences and control characters; line breaks and tabs stay. */
export function visibleText(text: string): string {
  return text
    .replace(sequences, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

/** As `visibleText`, on one line, at most `max` code points, cut with an ellipsis. Redact before: a cut secret no longer matches. */
export function oneLine(text: string, max: number): string {
  const flat = visibleText(text).replace(/\s+/g, ' ').trim()
  const points = [...flat]
  return points.length <= max ? flat : `${points.slice(0, max - 1).join('')}…`
}
