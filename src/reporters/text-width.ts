/**
 * Columns a text takes on a terminal: East Asian wide characters and most emoji count 2, combining marks 0.
 * An approximation of UAX #11; joined emoji are counted too wide, which only costs alignment.
 */
import { stripVTControlCharacters } from 'node:util'

const zero = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1faff}\u{20000}-\u{3fffd}]$/u

export function textWidth(text: string): number {
  let width = 0
  for (const point of stripVTControlCharacters(text)) width += pointWidth(point)
  return width
}

function pointWidth(point: string): number {
  if (zero.test(point)) return 0
  return wide.test(point) ? 2 : 1
}

export function padToWidth(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)))
}

/** `text` without styles, cut with an ellipsis so that it takes at most `width` columns. */
export function clipToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let clipped = ''
  let used = 0
  for (const point of text) {
    used += pointWidth(point)
    if (used > width - 1) break
    clipped += point
  }
  return `${clipped}…`
}
