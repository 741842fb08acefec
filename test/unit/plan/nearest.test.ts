import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../../src/plan/nearest.ts'

const flags = ['json', 'all', 'steps', 'dry-run', 'exit-code']

for (const [word, expected] of [
  ['jsn', 'json'],
  ['josn', 'json'],
  ['JSON', 'json'],
  ['dry-urn', 'dry-run'],
  ['exitcode', 'exit-code'],
  ['jnos', 'json'],
  ['bore', undefined],
  ['x', undefined],
  ['', undefined],
] as const)
  test(`${word || '(nothing)'} → ${expected ?? 'nothing near'}`, () =>
    assert.equal(nearest(word, flags), expected))

test('the nearest of several', () => assert.equal(nearest('status', ['stats', 'state', 'status']), 'status'))
