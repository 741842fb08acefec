/** What `slipway roundtrip` found. */
import type { RoundTrip } from '../engine/roundtrip.ts'
import { toErrorFields } from './error-fields.ts'
import { noRedaction } from '../redact.ts'
import { createPaint } from './paint.ts'
import { errorDetailLines } from './pretty-error.ts'

const words: Readonly<Record<RoundTrip['outcome'], string>> = {
  same: 'comes back',
  down: 'down leaves another schema than was there before',
  up: 'the second up makes another schema than the first',
  'up-fails': 'the second up fails',
  untried: 'was not tried',
  irreversible: 'has no down',
  skipped: 'is not for this database',
}

export function roundTripText(trips: readonly RoundTrip[], { colors }: { readonly colors: boolean }): string {
  if (trips.length === 0) return 'nothing is pending'
  const paint = createPaint(colors)
  return trips
    .flatMap(({ name, outcome, diff, error }) => {
      const isWrong = outcome === 'down' || outcome === 'up' || outcome === 'up-fails'
      const mark = isWrong ? paint('bad', '✗') : outcome === 'same' ? paint('good', '✓') : paint('faint', '–')
      const lines = (diff ?? '').split('\n').filter((line) => line !== '')
      // What is printed is redacted as a whole.
      const style = { paint, redact: noRedaction, debug: false }
      return [
        `${mark} ${name} ${words[outcome]}`,
        ...(error === undefined ? [] : errorDetailLines(error, style)),
        ...lines.map((line) => `    ${line}`),
      ]
    })
    .join('\n')
}

export function roundTripJson(trips: readonly RoundTrip[]): unknown {
  return {
    migrations: trips.map(({ name, outcome, diff, error }) => ({
      name,
      outcome,
      ...(error === undefined ? {} : { error: toErrorFields(error, { stack: false }) }),
      ...(diff === undefined ? {} : { diff }),
    })),
  }
}
