/** Times as people read them. Instants are always UTC and say so: nobody converts time zones well at night. */

/** `12 ms`, `1.2 s`, `45 s`, `60 s`, `2 min 5 s`, `3 h 7 min`. Milliseconds in; negative counts as 0. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 1000) return `${whole} ms`
  if (whole < 9950) return `${(whole / 1000).toFixed(1).replace('.0', '')} s`
  const seconds = Math.round(whole / 1000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 3600) return joinUnits(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** Whole seconds, for a clock that ticks: `0 s`, `4 s`, `2 min 5 s`. */
export function formatElapsed(ms: number): string {
  return ms < 1000 ? '0 s' : formatDuration(Math.floor(ms / 1000) * 1000)
}

/** `2026-01-31 12:03:11 UTC`; `unknown time` for an invalid date, because a printer must not throw. */
export function formatInstant(instant: Date): string {
  if (Number.isNaN(instant.getTime())) return 'unknown time'
  return `${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Only the time of day while that is unambiguous (less than 12 hours from `now`), else the date too. */
export function formatRecent(instant: Date, now: Date): string {
  const distance = Math.abs(now.getTime() - instant.getTime())
  return distance < 12 * 3600_000 ? formatInstant(instant).slice(11) : formatInstant(instant)
}
