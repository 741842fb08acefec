/** Questions that the page and the plots ask the results. */
import type { Results, StartersRow, TimedCase, TimedKind, TimedRow } from '../results.ts'

/** Names as bench/tools has them; no peer of ours. */
export const ours = ['slipway', 'slipway + manifest', 'slipway uncompiled'] as const
export const floors = ['node -e 0', 'psql'] as const

export function isPeer(tool: string): boolean {
  return ![...ours, ...floors].some((name) => name === tool)
}

export function casesOf(results: Results, kind: TimedKind, delayed: boolean): TimedCase[] {
  return results.timed.filter((one) => one.kind === kind && one.delayed === delayed)
}

export function rowOf(one: TimedCase | undefined, tool: string): TimedRow | undefined {
  return one?.rows.find((row) => row.tool === tool && row.failed === undefined && row.runs > 0)
}

/** Median against the median of a floor in the same rounds. */
export function ratioTo(one: TimedCase | undefined, tool: string, floor: string): number | undefined {
  const row = rowOf(one, tool)
  const base = rowOf(one, floor)
  return row === undefined || base === undefined ? undefined : row.medianMs / base.medianMs
}

/** In the order of the tables, without repetition. */
export function toolNames(results: Results): string[] {
  const names = [...results.timed.flatMap(({ rows }) => rows), ...results.starters].map(({ tool }) => tool)
  return [...new Set(names)]
}

/** Peers that did the same work in less time, the fastest first. */
export function fasterPeers(one: TimedCase, tool: string): TimedRow[] {
  const own = rowOf(one, tool)
  if (own === undefined) return []
  return one.rows
    .filter((row) => isPeer(row.tool) && row.failed === undefined && row.runs > 0)
    .filter((row) => row.medianMs < own.medianMs)
    .toSorted((a, b) => a.medianMs - b.medianMs)
}

export function isSound({ exits, effects, again, starters }: StartersRow): boolean {
  return exits['0'] === starters && effects.missing === 0 && effects.doubled === 0 && again === '0'
}
