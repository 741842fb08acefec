/** From the positions other programs count in to UTF-16 offsets, which is what JavaScript slices by. */

/**
 * Makes a reader of UTF-8 byte offsets into `text`. It remembers its place, so that ascending offsets cost one pass.
 */
export function utf16OffsetsOfBytes(text: string): (byte: number) => number {
  if (Buffer.byteLength(text) === text.length) return (byte) => byte
  let bytes = 0
  let units = 0
  return (target) => {
    if (target < bytes) {
      bytes = 0
      units = 0
    }
    while (bytes < target && units < text.length) {
      const point = text.codePointAt(units) ?? 0
      bytes += utf8Length(point)
      units += utf16Length(point)
    }
    return units
  }
}

/** The UTF-16 offset of the code point with 0-based `index`; PostgreSQL counts error positions so (plus one). */
export function utf16OffsetOfCodePoint(text: string, index: number): number {
  let units = 0
  for (let seen = 0; seen < index && units < text.length; seen += 1) {
    units += utf16Length(text.codePointAt(units) ?? 0)
  }
  return units
}

function utf16Length(point: number): number {
  return point > 0xffff ? 2 : 1
}

function utf8Length(point: number): number {
  if (point < 0x80) return 1
  if (point < 0x800) return 2
  return point < 0x10000 ? 3 : 4
}
