import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinList, parseList } from '../../../src/config/list-value.ts'

const lists: readonly (readonly [string, readonly string[] | undefined])[] = [
  ['', []],
  [' , ,', []],
  ['app', ['app']],
  [' app , other one ', ['app', 'other one']],
  ['"a, b","say ""hi"""', ['a, b', 'say "hi"']],
  ['"  kept  "', ['  kept  ']],
  ['PUBLIC', ['PUBLIC']],
  ['"open', undefined],
  ['"a" b', undefined],
  ['a"b', undefined],
]

for (const [text, items] of lists)
  test(`${JSON.stringify(text)} is ${JSON.stringify(items)}`, () => {
    assert.deepEqual(parseList(text), items)
  })

test('what is joined is read again as it was', () => {
  const items = ['a', 'two words', ',', '"', ' edges ', `'; drop role x; --`, 'é', 'a"b,c', '-']
  assert.deepEqual(parseList(joinList(items)), items)
})
