import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePostgres } from '../../../src/sql/postgres.ts'
import { transactionControlOf } from '../../../src/sql/transaction-control.ts'

const both = [
  ['begin', 'begin'],
  ['BEGIN;', 'begin'],
  ['begin transaction isolation level serializable', 'begin'],
  ['start transaction read only', 'begin'],
  ['commit', 'commit'],
  ['commit work', 'commit'],
  ['commit and chain', 'commit'],
  ['end', 'commit'],
  ['end transaction', 'commit'],
  ['rollback', 'rollback'],
  ['rollback work', 'rollback'],
  ['abort', 'rollback'],
  ['rollback to x', 'other'],
  ['rollback to savepoint x', 'other'],
  ['rollback transaction to savepoint x', 'other'],
  ['rollback /* a */ work -- b\n to x', 'other'],
  ['savepoint x', 'other'],
  ['release x', 'other'],
  ['release savepoint x', 'other'],
  [`prepare transaction 'x'`, 'other'],
  [`commit prepared 'x'`, 'other'],
  [`rollback prepared 'x'`, 'other'],
  ['prepare p as select 1', undefined],
  ['prepare transaction_x as select 1', undefined],
  ['select 1', undefined],
  [`select 'commit'`, undefined],
  ['create function f() returns int begin atomic select 1; end', undefined],
  ['', undefined],
  ['-- commit', undefined],
  ['/* commit */ select 1', undefined],
  ['/* /* */ commit */ select 1', undefined],
  ['-- c\n /* x /* y */ */ ; commit', 'commit'],
] as const

describe('transactionControlOf', () => {
  for (const [text, expected] of both) {
    it(`says ${expected} of ${JSON.stringify(text)}`, () =>
      assert.equal(transactionControlOf(text), expected))
    it(`agrees with the grammar on ${JSON.stringify(text)}`, async () => {
      const source = text.replace(
        'create function f() returns int begin',
        'create function f() returns int language sql begin',
      )
      assert.equal((await parsePostgres(source))[0]?.transactionControl, expected)
    })
  }

  const onlySqlite = [
    ['begin immediate', 'begin'],
    ['begin exclusive transaction', 'begin'],
    ['/* /* */ commit', 'commit'],
    ['end_of_day', undefined],
    ['endé', undefined],
    ['/* open', undefined],
    ['start', undefined],
  ] as const
  for (const [text, expected] of onlySqlite)
    it(`says ${expected} of ${JSON.stringify(text)}`, () =>
      assert.equal(transactionControlOf(text), expected))
})
