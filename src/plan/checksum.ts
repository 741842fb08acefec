/** What is hashed and stored of a migration, and how. */
import { hash } from 'node:crypto'

/** BOM removed, CRLF as LF: the form in which every migration text travels. */
export function normaliseText(text: string): string {
  const bare = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  return bare.includes('\r\n') ? bare.replaceAll('\r\n', '\n') : bare
}

/**
 * `sha256-v1:` and 64 hex digits over the UTF-8 text, BOM removed, CRLF as LF, trailing blank lines removed:
 * a checkout with other line ends, or an editor that adds a final newline, changes nothing.
 */
export function checksumOf(source: string): string {
  const text = trimTrailingBlankLines(normaliseText(source))
  return `sha256-v1:${hash('sha256', text)}`
}

/** The first 12 hex digits: enough to compare by eye. */
export function shortChecksum(checksum: string): string {
  return checksum.slice(checksum.indexOf(':') + 1).slice(0, 12)
}

/**
 * A pair as one text, the form of a single file with both sections, so that history can hold it and roll it back.
 * Markers that a half brings itself are kept. Without a down half it is the up text.
 */
export function pairSource(up: string, down: string | undefined): string {
  if (down === undefined) return up
  return `${withMarker('up', up)}\n${withMarker('down', down)}\n`
}

function withMarker(direction: 'up' | 'down', half: string): string {
  const text = trimTrailingBlankLines(half)
  return hasMarker(text) ? text : `-- migrate:${direction}\n${text}`
}

export function hasMarker(text: string): boolean {
  return /^[ \t]*--[ \t]*migrate:(?:up|down)\b/im.test(text)
}

export function hasWayDown(text: string): boolean {
  return /^[ \t]*--[ \t]*migrate:down\b/im.test(text)
}

function trimTrailingBlankLines(text: string): string {
  let end = text.length
  for (;;) {
    const start = text.lastIndexOf('\n', end - 1)
    if (text.slice(start + 1, end).trim() !== '') return text.slice(0, end)
    if (start <= 0) return ''
    end = start
  }
}
