import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isInShard, parseShard } from '../../../src/plan/shard.ts'

test('every name is in exactly one shard, and the shards are of about one size', () => {
  const counts = Array.from({ length: 8 }, () => 0)
  for (let index = 0; index < 2000; index++) {
    const shards = counts.flatMap((_, part) =>
      isInShard(`tenant_${index}`, { part: part + 1, of: 8 }) ? [part] : [],
    )
    assert.equal(shards.length, 1)
    const [shard = 0] = shards
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  for (const count of counts) assert.ok(count > 200 && count < 300, `${counts}`)
})

test('a name keeps its shard from one version to the next', () => {
  const partOf = (name: string) => [1, 2, 3, 4, 5, 6, 7, 8].find((part) => isInShard(name, { part, of: 8 }))
  assert.deepEqual([partOf('schema acme'), partOf('schema wayne')], [3, 1])
})

test('what a shard is written as', () => {
  assert.deepEqual(parseShard('1/8', undefined), { part: 1, of: 8 })
  assert.deepEqual(parseShard(' 8/8 ', 3), { part: 8, of: 8 })
  assert.deepEqual(parseShard('8', 0), { part: 1, of: 8 })
  assert.deepEqual(parseShard('8', 7), { part: 8, of: 8 })
  assert.deepEqual(parseShard('1/1', undefined), { part: 1, of: 1 })
  for (const wrong of ['0/8', '9/8', '8', '', '1/0', '-1/8', '1/8/2', '1.5/8', 'x'])
    assert.equal(parseShard(wrong, undefined), undefined, wrong)
  assert.equal(parseShard('8', 8), undefined)
})
