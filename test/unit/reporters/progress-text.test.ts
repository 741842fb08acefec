import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createProgressFilter,
  describeProgress,
  drawProgress,
  type ProgressEvent,
} from '../../../src/reporters/progress-text.ts'

const half: ProgressEvent = {
  type: 'progress',
  name: '0001_fill',
  work: 'backfill of public.users',
  unit: 'rows',
  done: 450_000,
  total: 1_000_000,
  rate: 12_345.6,
  etaMs: 44_600,
  finished: false,
}

test('how far it is, in words', () => {
  assert.equal(
    describeProgress(half),
    'backfill of public.users: 450,000 of 1,000,000 rows (45%), 12,346 rows/s, 45 s left',
  )
  const { total: _, etaMs: __, ...unknown } = half
  assert.equal(describeProgress(unknown), 'backfill of public.users: 450,000 rows, 12,346 rows/s')
  assert.equal(
    describeProgress({ ...half, done: 999_999, etaMs: 1, phase: 'waiting for replicas' }),
    'backfill of public.users: 999,999 of 1,000,000 rows (99%), waiting for replicas, 12,346 rows/s, 1 s left',
  )
  assert.equal(
    describeProgress({ ...half, done: 1_000_000, finished: true }),
    'backfill of public.users: 1,000,000 of 1,000,000 rows (100%)',
  )
})

test('a bar where the end is known', () => {
  assert.match(drawProgress(half), /^█{9}░{11} backfill/)
  const { total: _, ...unknown } = half
  assert.match(drawProgress(unknown), /^backfill/)
})

test('the first, one every five seconds, the last, and each work by itself', () => {
  let at = 0
  const isWorthALine = createProgressFilter(() => new Date(at))
  const tell = (ms: number, more: Partial<ProgressEvent> = {}) => {
    at = ms
    return isWorthALine({ ...half, ...more })
  }
  assert.equal(tell(0), true)
  assert.equal(tell(4999), false)
  assert.equal(tell(5000), true)
  assert.equal(tell(6000), false)
  assert.equal(tell(6001, { finished: true }), true)
  assert.equal(tell(6002, { work: 'index a' }), true)
  assert.equal(isWorthALine({ type: 'warning', code: 'x', message: 'y' }), true)
})
