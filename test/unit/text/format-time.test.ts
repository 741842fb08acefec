import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, formatElapsed, formatInstant, formatRecent } from '../../../src/text/format-time.ts'

const durations: [number, string][] = [
  [-5, '0 ms'],
  [0, '0 ms'],
  [0.4, '0 ms'],
  [12, '12 ms'],
  [999.4, '999 ms'],
  [999.6, '1 s'],
  [1000, '1 s'],
  [1234, '1.2 s'],
  [9949, '9.9 s'],
  [9951, '10 s'],
  [59_999, '60 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [125_000, '2 min 5 s'],
  [600_000, '10 min'],
  [3_599_700, '1 h'],
  [11_220_000, '3 h 7 min'],
]
for (const [ms, text] of durations) test(`${ms} ms is ${text}`, () => assert.equal(formatDuration(ms), text))

test('a ticking clock shows whole seconds and never runs ahead', () => {
  assert.deepEqual([0, 999, 1999, 4100, 119_999].map(formatElapsed), ['0 s', '0 s', '1 s', '4 s', '119 s'])
})

test('instants are UTC and say so; an invalid one does not throw', () => {
  assert.equal(formatInstant(new Date('2026-01-31T12:03:11.900Z')), '2026-01-31 12:03:11 UTC')
  assert.equal(formatInstant(new Date(Number.NaN)), 'unknown time')
})

test('a recent instant is a time of day, an old one has its date', () => {
  const now = new Date('2026-01-31T12:00:00Z')
  assert.equal(formatRecent(new Date('2026-01-31T11:03:11Z'), now), '11:03:11 UTC')
  assert.equal(formatRecent(new Date('2026-01-30T11:03:11Z'), now), '2026-01-30 11:03:11 UTC')
})
