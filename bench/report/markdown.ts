/** Pieces of a Markdown page. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export function page(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`
}

export function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``
}

/** `1,000`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** Three digits are what the medians are worth. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  return ms >= 100 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`
}
