import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyProgress, markDone } from '../../../src/engine/progress.ts'

test('what is done is pending no more, in whatever order it is done', () => {
  const progress = emptyProgress()
  progress.pending = ['a', 'b', 'c', 'd']
  markDone(progress, { name: 'a', action: 'apply' })
  markDone(progress, { name: 'b', action: 'skip' })
  markDone(progress, { name: 'd', action: 'resume' })
  markDone(progress, { name: 'x', action: 'apply' })
  assert.deepEqual(progress, { applied: ['a', 'd', 'x'], skipped: ['b'], pending: ['c'], ahead: [] })
})
