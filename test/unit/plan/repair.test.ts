/** What there is to repair, and what a request for it means. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findDamage, type RepairAction, repairCommand, selectDamage } from '../../../src/plan/repair.ts'
import { shellWord } from '../../../src/plan/shell.ts'
import { surveyStates } from '../../../src/plan/states.ts'
import { inputOf } from './histories.ts'

const [a, b, c, d] = ['0001_a', '0002_b', '0003_c', '0004_d']
const [gone, begun, ahead] = ['0000_gone', '0005_begun', '0006_ahead']

/** One of each: edited, applied, pending, unfinished, missing, ahead and in old/. */
const states = surveyStates(
  inputOf({
    files: [{ name: a, text: 'edited' }, b, c, d],
    history: [
      gone,
      a,
      b,
      '0001_old',
      { name: d, state: 'started', statementsDone: 2 },
      { name: begun, state: 'started' },
      ahead,
    ],
    archived: ['0001_old'],
  }),
)

test('all there is', () => {
  assert.deepEqual(
    findDamage(states).map(({ name, state, actions }) => `${name} ${state}: ${actions.join()}`),
    [
      `${gone} missing: forget`,
      `${a} changed: accept`,
      `${d} unfinished: finished,retry`,
      `${begun} unfinished: finished,retry`,
    ],
  )
})

const select = (action: RepairAction, name: string) =>
  selectDamage(states, { action, name }).map((damage) => damage.name)

test('what a request is about', () => {
  assert.deepEqual(select('accept', 'a'), [a])
  assert.deepEqual(select('accept', 'all'), [a])
  assert.deepEqual(select('accept', 'migrations/0001_a.sql'), [a])
  assert.deepEqual(select('retry', '4'), [d])
  assert.deepEqual(select('finished', begun), [begun])
  assert.deepEqual(select('forget', 'gone'), [gone])
})

test('what is in order already is no error: a script may run twice', () => {
  assert.deepEqual(select('accept', b), [])
  assert.deepEqual(select('finished', b), [])
  assert.deepEqual(select('retry', c), [])
  assert.deepEqual(select('forget', c), [])
})

test('what cannot be repaired like this', () => {
  const refused: readonly (readonly [RepairAction, string, string])[] = [
    ['accept', c, 'bad-argument'],
    ['accept', d, 'bad-argument'],
    ['retry', a, 'bad-argument'],
    ['retry', b, 'bad-argument'],
    ['finished', c, 'bad-argument'],
    ['forget', a, 'bad-argument'],
    ['forget', b, 'bad-argument'],
    // A newer image applied it, and would run it again.
    ['forget', ahead, 'bad-argument'],
    ['forget', '0001_old', 'bad-argument'],
    ['forget', begun, 'bad-argument'],
    ['accept', 'nobody', 'unknown-target'],
    ['retry', 'all', 'unknown-target'],
    ['accept', '_', 'ambiguous-target'],
  ]
  for (const [action, name, code] of refused)
    assert.throws(() => select(action, name), { code }, `${action} ${name}`)
  assert.throws(() => select('accept', '0002_bb'), /did you mean 0002_b\?/)
})

test('commands survive a shell', () => {
  assert.equal(repairCommand('accept', a), 'slipway repair --accept 0001_a')
  assert.equal(repairCommand('forget', "it's $x"), "slipway repair --forget 'it'\\''s $x'")
  assert.equal(repairCommand('retry', '-x'), 'slipway repair --retry=-x')
  for (const word of ['', '*', 'a b', '$(x)', ';', '~', 'a\nb', '!x'])
    assert.equal(shellWord(word), `'${word}'`)
})
