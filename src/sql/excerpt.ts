/** Stand-in until the real one is merged. */
export function excerptAt(text: string, offset: number): { line: number; column: number; excerpt: string } {
  const before = text.slice(0, offset).split('\n')
  const line = before.length
  const column = (before.at(-1)?.length ?? 0) + 1
  const source = text.split('\n')[line - 1] ?? ''
  return { line, column, excerpt: `${line} | ${source}\n${' '.repeat(`${line} | `.length + column - 1)}^` }
}
