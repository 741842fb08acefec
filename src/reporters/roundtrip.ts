/** What `slipway roundtrip` found. */
import type { RoundTrip } from '../engine/roundtrip.ts'
import { createPaint } from './paint.ts'

const words: Readonly<Record<RoundTrip['outcome'], string>> = {
  same: 'comes back',
  down: 'down leaves another schema than was there before',
  up: 'the second up makes another schema than the first',
  irreversible: 'has no down',
  skipped: 'is not for this database',
}

export function roundTripText(trips: readonly RoundTrip[], { colors }: { readonly colors: boolean }): string {
  if (trips.length === 0) return 'nothing is pending'
  const paint = createPaint(colors)
  return trips
    .flatMap(({ name, outcome, diff }) => {
      const isWrong = outcome === 'down' || outcome === 'up'
      const mark = isWrong ? paint('bad', '✗') : outcome === 'same' ? paint('good', '✓') : paint('faint', '–')
      const lines = (diff ?? '').split('\n').filter((line) => line !== '')
      return [`${mark} ${name} ${words[outcome]}`, ...lines.map((line) => `    ${line}`)]
    })
    .join('\n')
}

export function roundTripJson(trips: readonly RoundTrip[]): unknown {
  return {
    migrations: trips.map(({ name, outcome, diff }) => ({
      name,
      outcome,
      ...(diff === undefined ? {} : { diff }),
    })),
  }
}
