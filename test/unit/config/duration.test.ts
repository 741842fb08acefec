import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from '../../../src/plan/duration.ts'

const rows: readonly (readonly [string, number | undefined])[] = [
  ['0', 0],
  ['0s', 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['', undefined],
  ['30', undefined],
  ['-5s', undefined],
  ['1.5s', undefined],
  ['5 s', undefined],
  ['5S', undefined],
  ['1d', undefined],
  ['s', undefined],
  ['9999999999h', undefined],
]

for (const [text, ms] of rows)
  test(`duration ${JSON.stringify(text)} is ${ms}`, () => assert.equal(parseDuration(text), ms))
