/** Instants as other tools' tables hold them. Pure. */

/** ISO 8601, milliseconds since 1970, or `2026-01-31 12:00:00` in UTC, as SQLite's own functions write it. */
export function readInstant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  if (/^\d{10,14}$/.test(text)) return validDate(new Date(Number(text)))
  const plain = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,9})?)$/.exec(text)
  return validDate(new Date(plain === null ? text : `${plain[1]}T${plain[2]}Z`))
}

function validDate(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date
}
