import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { digestMigrations, inCodePointOrder } from '../../../src/plan/digest.ts'

test('a line for each migration, whatever their order', () => {
  const a = { name: '001_a', checksum: 'sha256-v1:aa' }
  const b = { name: '002_b', checksum: 'sha256-v1:bb' }
  const digest = createHash('sha256').update('001_a sha256-v1:aa\n002_b sha256-v1:bb\n').digest('hex')
  assert.deepEqual(digestMigrations([a, b]), { count: 2, digest })
  assert.deepEqual(digestMigrations([b, a]), { count: 2, digest })
  assert.notEqual(digestMigrations([a]).digest, digest)
  assert.notEqual(digestMigrations([a, { ...b, checksum: 'sha256-v1:bc' }]).digest, digest)
})

test('the order is that of code points, as the databases have it', () => {
  const [zed, private_, smile] = ['z', '\ue000', '\u{1f600}']
  assert.deepEqual(inCodePointOrder([smile, private_, zed]), [zed, private_, smile])
  assert.deepEqual([smile, private_].sort(), [smile, private_], 'JavaScript has another one')
  assert.deepEqual(inCodePointOrder(['b', 'a b', 'a']), ['a', 'a b', 'b'])
})
