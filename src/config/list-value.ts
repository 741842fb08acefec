/** Lists in one text: items between commas; an item in double quotes may hold commas, and a quote written twice. */

/** Undefined for a quote that does not end, or that text follows. Empty items are left out. */
export function parseList(text: string): readonly string[] | undefined {
  const item = /\s*(?:"((?:[^"]|"")*)"|([^",]*?))\s*(,|$)/y
  const items: string[] = []
  for (;;) {
    const match = item.exec(text)
    if (match === null) return undefined
    const [, quoted, bare = '', separator] = match
    const value = quoted === undefined ? bare : quoted.replaceAll('""', '"')
    if (value !== '') items.push(value)
    if (separator === '') return items
  }
}

/** What parseList reads as these items. */
export function joinList(items: readonly string[]): string {
  return items
    .map((item) => (/^[^",\s](?:[^",]*[^",\s])?$/.test(item) ? item : `"${item.replaceAll('"', '""')}"`))
    .join(', ')
}
