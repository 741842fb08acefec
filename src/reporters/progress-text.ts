/** How far long work has come, in words and as a bar. */
import type { RunEvent } from '../events.ts'
import { formatDuration } from '../text/format-time.ts'
import { oneLine } from '../text/visible-text.ts'

export type ProgressEvent = Extract<RunEvent, { type: 'progress' }>

/** `backfill of public.users: 450,000 of 1,000,000 rows (45%), 12,345 rows/s, 45 s left` */
export function describeProgress(event: ProgressEvent): string {
  const { work, unit, rate, phase } = event
  const share = shareOf(event)
  const parts = [
    `${countOf(event)} ${unit}${share === undefined ? '' : ` (${percent(share)})`}`,
    ...(phase === undefined ? [] : [phase]),
    ...(event.finished || rate === undefined ? [] : [`${group(rate)} ${unit}/s`]),
    ...(event.finished || event.etaMs === undefined
      ? []
      : [`${formatDuration(wholeSeconds(event.etaMs))} left`]),
  ]
  return oneLine(`${work}: ${parts.join(', ')}`, 300)
}

const barWidth = 20

/** For a live line; without a bar where the end is not known. */
export function drawProgress(event: ProgressEvent): string {
  const share = shareOf(event)
  if (share === undefined) return describeProgress(event)
  const full = Math.round(share * barWidth)
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${describeProgress(event)}`
}

function countOf({ done, total }: ProgressEvent): string {
  return total === undefined ? group(done) : `${group(done)} of ${group(total)}`
}

function shareOf({ done, total }: ProgressEvent): number | undefined {
  return total === undefined || total === 0 ? undefined : Math.min(1, done / total)
}

/** 100% is for what is done. */
function percent(share: number): string {
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100}%`
}

/** Thousands apart, whatever the locale of the machine. */
function group(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

function wholeSeconds(ms: number): number {
  return Math.max(1000, Math.round(ms / 1000) * 1000)
}

const tellEveryMs = 5000

/** Which progress is worth a line where lines are kept: the first of each work, one every five seconds, and the last. */
export function createProgressFilter(now: () => Date): (event: RunEvent) => boolean {
  let last: { readonly work: string; readonly at: number } | undefined
  return (event) => {
    if (event.type !== 'progress') return true
    const at = now().getTime()
    const isSoon = last?.work === event.work && at - last.at < tellEveryMs
    if (isSoon && !event.finished) return false
    last = { work: event.work, at }
    return true
  }
}
