import assert from 'node:assert/strict'
import { it } from 'node:test'
import { nameObject, wordOf } from '../../../src/sql/object-names.ts'

it('names as PostgreSQL gives them', () => {
  assert.equal(nameObject('users', [], 'pkey'), 'users_pkey')
  assert.equal(nameObject('users', ['email'], 'key'), 'users_email_key')
  assert.equal(nameObject('users', ['a', 'b'], 'idx'), 'users_a_b_idx')
  assert.equal(nameObject('users', [], 'check'), 'users_check')
})

it('cuts at 63 bytes, between characters, and keeps long names apart', () => {
  const long = (ending: string) => nameObject('ü'.repeat(20), ['x'.repeat(30), ending], 'fkey')
  for (const name of [long('a'), long('b')]) {
    assert.ok(Buffer.byteLength(name) <= 63, name)
    assert.match(name, /^ü+_x+_[0-9a-f]{8}_fkey$/)
  }
  assert.notEqual(long('a'), long('b'))
  assert.equal(Buffer.byteLength(nameObject('t'.repeat(58), [], 'pkey')), 63)
  assert.equal(Buffer.byteLength(nameObject('ü'.repeat(31), ['y'], 'key')) <= 63, true)
  assert.doesNotMatch(nameObject('🚢'.repeat(20), ['y'], 'key'), /\ufffd/)
})

it('words for expressions', () => {
  assert.equal(wordOf("lower(email) || 'x'"), 'lower_email_x')
  assert.equal(wordOf('()'), 'expr')
})
