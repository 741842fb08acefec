const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/**
 * A duration as people write it (`500ms`, `30s`, `5m`, `1h`, `0`) in milliseconds; undefined for anything else.
 * A bare number other than 0 is refused: its unit would be a guess.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text)
  if (match === null) return undefined
  const [, digits, unit] = match
  return Number(digits) * unitsMs[unit as keyof typeof unitsMs]
}
