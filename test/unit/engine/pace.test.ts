import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSpeedometer, nextSize } from '../../../src/engine/context/pace.ts'

const pacing = { targetMs: 300, bounds: { first: 1000, min: 100, max: 5000 } }

test('a batch grows by a fifth when it was quick, shrinks by a fifth when it was slow, and stays between', () => {
  for (const [size, tookMs, next] of [
    [1000, 199, 1200],
    [1000, 200, 1000],
    [1000, 500, 1000],
    [1000, 501, 800],
    [4900, 10, 5000],
    [5000, 10, 5000],
    [110, 9000, 100],
    [100, 9000, 100],
  ] as const)
    assert.equal(nextSize(size, tookMs, pacing), next)
})

test('rate and time left, newer batches counting more', () => {
  const measure = createSpeedometer(0, 0)
  assert.deepEqual(measure({ done: 0, atMs: 0, total: 1000 }), { rate: undefined, etaMs: undefined })
  assert.deepEqual(measure({ done: 100, atMs: 1000, total: 1000 }), { rate: 100, etaMs: 9000 })
  const later = measure({ done: 300, atMs: 2000, total: 1000 })
  assert.equal(later.rate, 120)
  assert.equal(Math.round(later.etaMs ?? 0), 5833)
  assert.equal(measure({ done: 400, atMs: 3000, total: undefined }).etaMs, undefined)
})

test('what an earlier run did is no speed of this one', () => {
  const measure = createSpeedometer(900, 0)
  assert.equal(measure({ done: 950, atMs: 1000, total: 1000 }).rate, 50)
})
