import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findLost, type InventoryTable } from '../../../src/plan/lost.ts'

const table = (id: string, name: string, columns: string, holds = true): InventoryTable => ({
  id,
  name,
  holds,
  columns: columns.split(' ').map((column, index) => ({ id: String(index), name: column })),
})

const users = table('1', 'users', 'id name email')
const before = [users, table('2', 'empty', 'id', false)]

for (const [what, after, lost] of [
  ['nothing', before, []],
  ['an empty table', [users], []],
  ['a table', [], ['users']],
  ['a table that got another name', [table('1', 'people', 'id name email')], []],
  ['a table that was made anew', [table('9', 'users', 'id name email')], []],
  ['a column of a table that was made anew', [table('9', 'users', 'id email')], ['users.name']],
  ['the last column', [table('1', 'users', 'id name')], ['users.email']],
  ['a column in the middle, the others moving up', [table('1', 'users', 'id email')], ['users.name']],
  ['a column that got another name', [table('1', 'users', 'id full_name email')], []],
  ['columns that changed names with each other', [table('1', 'users', 'id email name')], []],
] as const)
  test(`what is lost: ${what}`, () => {
    assert.deepEqual(findLost(before, after), lost)
  })
