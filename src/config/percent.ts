/** Decodes %XX as UTF-8; undefined if a % is not followed by two hex digits, or for a NUL. A + stays a +, as in libpq. */
export function decodePercent(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text)
    return decoded.includes('\0') ? undefined : decoded
  } catch {
    return undefined
  }
}
