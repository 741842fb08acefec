/** `3 rows`, `1 value`, `about 120,000 rows`, `an unknown number of rows`. */
export function countRows(count: number | undefined, isEstimate: boolean, noun: 'row' | 'value'): string {
  if (count === undefined) return `an unknown number of ${noun}s`
  const figure = count.toLocaleString('en-US')
  return `${isEstimate ? 'about ' : ''}${figure} ${noun}${count === 1 ? '' : 's'}`
}
