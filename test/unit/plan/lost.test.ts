import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findGone, type Gone, type InventoryTable } from '../../../src/plan/lost.ts'

const show = (gone: readonly Gone[]) =>
  gone.map((one) => {
    if (one.kind === 'column') return `${one.table.name}.${one.column}`
    return one.kind === 'rows' ? `${one.rows} of ${one.table.name}` : `${one.kind} ${one.table.name}`
  })

type Shape = (id: string, name: string, columns: string, more?: Partial<InventoryTable>) => InventoryTable
const columnsOf = (columns: string) =>
  columns.split(' ').map((column) => {
    const [id = '', name = ''] = column.split(':')
    return { id, name }
  })

describe('where ids are never used again', () => {
  const table: Shape = (id, name, columns, more) => ({
    id,
    name,
    columns: columnsOf(columns),
    takesRoom: true,
    deleted: 0,
    ...more,
  })
  const users = table('1', 'users', '1:id 2:name')
  for (const [what, after, gone] of [
    ['nothing', [users], []],
    ['a table', [], ['table users']],
    ['another name', [table('1', 'people', '1:id 2:full_name')], []],
    ['made anew', [table('9', 'users', '1:id 2:name')], ['table users']],
    ['a column', [table('1', 'users', '1:id')], ['users.name']],
    ['another column instead', [table('1', 'users', '1:id 3:name')], ['users.name']],
    ['rows', [table('1', 'users', '1:id 2:name', { deleted: 2 })], ['2 of users']],
    ['all rows at once', [table('1', 'users', '1:id 2:name', { takesRoom: false })], ['emptied users']],
  ] as const)
    test(what, () => assert.deepEqual(show(findGone([users], after)), gone))
})

describe('where an id is only a place', () => {
  const table: Shape = (id, name, columns, more) => ({
    id,
    name,
    columns: columnsOf(columns),
    rows: 2,
    ...more,
  })
  const users = table('4', 'users', '0:id 1:name')
  const other = table('5', 'other', '0:id')
  for (const [what, after, gone] of [
    ['nothing', [users, other], []],
    ['a table', [other], ['table users']],
    ['another name', [table('4', 'people', '0:id 1:name'), other], []],
    ['its place taken', [table('4', 'people', '0:id 1:name', { rows: 1 }), other], ['table users']],
    ['its place taken by one that was there', [table('4', 'other', '0:id')], ['table users']],
    ['made anew', [table('9', 'Users', '0:id 1:name'), other], []],
    ['made anew with fewer rows', [table('9', 'users', '0:id 1:name', { rows: 0 }), other], ['2 of users']],
    ['a column that may have got another name', [table('4', 'users', '0:id 1:label'), other], ['users.name']],
    ['columns that changed places', [table('9', 'users', '0:name 1:id'), other], []],
  ] as const)
    test(what, () => assert.deepEqual(show(findGone([users, other], after)), gone))
})
