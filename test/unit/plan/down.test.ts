/** What `down` would revert, and every reason against it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DownRequest,
  listPossibleDependents,
  listToLoad,
  planDown,
  type RevertFacts,
  selectReverts,
} from '../../../src/plan/down.ts'
import { defaultOptions, type HistoryRow } from '../../../src/plan/migration.ts'
import { surveyStates } from '../../../src/plan/states.ts'
import { parseTarget } from '../../../src/plan/target.ts'
import { isSlipwayError } from '../../../src/errors.ts'
import { fileOf as file, rowOf } from './histories.ts'

const row = (name: string, extra: Partial<HistoryRow> & { readonly id: number }) =>
  rowOf(extra.id, { ...extra, name })

const names = (rows: readonly { name: string }[]) => rows.map(({ name }) => name)
const request = (more: Partial<DownRequest> = {}): DownRequest => ({ fromHistory: false, ...more })

/** The late one was applied last. */
const applied = [
  row('0001_a', { id: 1 }),
  row('0003_c', { id: 2 }),
  row('0004_d', { id: 3 }),
  row('0002_b', { id: 4 }),
]

describe('what is chosen', () => {
  const cases: readonly (readonly [string, Partial<DownRequest>, readonly string[]])[] = [
    ['nothing said: the one applied last', {}, ['0002_b']],
    ['steps', { steps: 3 }, ['0002_b', '0004_d', '0003_c']],
    ['more steps than there are', { steps: 9 }, ['0002_b', '0004_d', '0003_c', '0001_a']],
    ['base', { target: parseTarget('base') }, ['0002_b', '0004_d', '0003_c', '0001_a']],
    ['zero', { target: parseTarget('zero') }, ['0002_b', '0004_d', '0003_c', '0001_a']],
    ['head', { target: parseTarget('head') }, []],
    ['-2', { target: parseTarget('-2') }, ['0002_b', '0004_d']],
    ['a name: what was applied after it', { target: parseTarget('0003_c') }, ['0002_b', '0004_d']],
    ['a slug', { target: parseTarget('a') }, ['0002_b', '0004_d', '0003_c']],
    ['the last one', { target: parseTarget('0002') }, []],
  ]
  for (const [what, more, wanted] of cases)
    test(what, () => assert.deepEqual(names(selectReverts(applied, request(more))), wanted))

  for (const [word, code] of [
    ['0009', 'unknown-target'],
    ['-5', 'unknown-target'],
    ['+1', 'bad-argument'],
    ['000', 'ambiguous-target'],
  ] as const)
    test(`${word} is refused`, () =>
      assert.throws(
        () => selectReverts(applied, request({ target: parseTarget(word) })),
        (error) => isSlipwayError(error) && error.code === code,
      ))
})

const sqlDown: RevertFacts = { hasDown: true, options: defaultOptions, language: 'sql' }

interface Given {
  readonly rows: readonly HistoryRow[]
  readonly files?: readonly ReturnType<typeof file>[]
  readonly archived?: readonly string[]
  readonly loaded?: Readonly<Record<string, RevertFacts>>
  readonly dependsOn?: Readonly<Record<string, readonly string[]>>
  readonly request?: Partial<DownRequest>
}

function decide({
  rows,
  files = rows.map(({ name }) => file(name)),
  archived = [],
  loaded,
  dependsOn = {},
  ...given
}: Given) {
  const wanted = request(given.request)
  const states = surveyStates({ files, archived: new Set(archived), applied: rows })
  const chosen = selectReverts(rows, wanted)
  const facts = loaded ?? Object.fromEntries(rows.map(({ name }) => [name, sqlDown]))
  return planDown({
    unfinished: new Map(),
    states,
    archived: new Set(archived),
    applied: rows,
    chosen,
    loaded: new Map(Object.entries(facts)),
    dependsOn: new Map(Object.entries(dependsOn)),
    request: wanted,
  })
}

const codes = (given: Given) => {
  const result = decide(given)
  return result.kind === 'plan'
    ? names(result.steps)
    : result.reasons.map(({ code, message }) => `${code}: ${message}`)
}

describe('what speaks against it', () => {
  const two = [row('0001_a', { id: 1 }), row('0002_b', { id: 2 })]

  test('nothing', () => assert.deepEqual(codes({ rows: two }), ['0002_b']))

  test('no down, of what is to go only', () => {
    const noDown = { ...sqlDown, hasDown: false }
    assert.deepEqual(codes({ rows: two, loaded: { '0001_a': noDown, '0002_b': sqlDown } }), ['0002_b'])
    assert.deepEqual(
      codes({ rows: two, loaded: { '0001_a': noDown, '0002_b': noDown }, request: { steps: 2 } }),
      ['irreversible: 0002_b has no down', 'irreversible: 0001_a has no down'],
    )
  })

  test('no file, or one in old/', () => {
    assert.deepEqual(codes({ rows: two, files: [file('0001_a')] }), [
      'missing: 0002_b cannot be reverted: it has no file here',
    ])
    assert.deepEqual(codes({ rows: two, files: [file('0001_a')], archived: ['0002_b'] }), [
      'missing: 0002_b cannot be reverted: its file is in old/',
    ])
    assert.deepEqual(codes({ rows: two, files: [file('0001_a')], request: { fromHistory: true } }), [
      '0002_b',
    ])
  })

  test('an edited file of what is to go, not of what stays', () => {
    const edited = [row('0001_a', { id: 1, checksum: 'other' }), row('0002_b', { id: 2 })]
    assert.deepEqual(codes({ rows: edited }), ['0002_b'])
    assert.match(codes({ rows: edited, request: { steps: 2 } })[0] ?? '', /^changed: 0001_a was edited/)
  })

  test('an up that did not finish, wherever it is', () => {
    const rows = [row('0001_a', { id: 1, state: 'started' }), row('0002_b', { id: 2 })]
    assert.match(codes({ rows })[0] ?? '', /^unfinished: 0001_a did not finish/)
  })

  test('a down that did not finish goes on if it can', () => {
    const rows = [row('0001_a', { id: 1 }), row('0002_b', { id: 2, state: 'started', reverting: true })]
    const stepwise = { ...sqlDown, options: { ...defaultOptions, transaction: false } }
    const code: RevertFacts = { ...stepwise, language: 'script' }
    const resumable: RevertFacts = { ...code, options: { ...code.options, resumable: true } }
    const of = (facts: RevertFacts) => codes({ rows, loaded: { '0002_b': facts } })
    assert.deepEqual(of(stepwise), ['0002_b'])
    assert.deepEqual(of(resumable), ['0002_b'])
    assert.match(
      of(code)[0] ?? '',
      /^unfinished: the down of 0002_b did not finish, and is not declared resumable/,
    )
    assert.match(of(sqlDown)[0] ?? '', /^unfinished: the down of 0002_b left its own transaction/)
    assert.match(codes({ rows, request: { target: { kind: 'head' } } })[0] ?? '', /0002_b was being reverted/)
  })

  test('what stays and depends on it', () => {
    const rows = [row('0002_b', { id: 1 }), row('0001_a', { id: 2 })]
    const states = surveyStates({
      files: rows.map(({ name }) => file(name)),
      archived: new Set(),
      applied: rows,
    })
    assert.deepEqual(names(listPossibleDependents(selectReverts(rows, request()), states)), ['0002_b'])
    assert.deepEqual(codes({ rows, dependsOn: { '0002_b': ['a'] } }), [
      'dependency: 0002_b depends on 0001_a, and would stay',
    ])
    assert.deepEqual(names(listPossibleDependents(selectReverts(two, request()), states)), [])
  })

  test('what was skipped needs nothing', () => {
    const rows = [row('0001_a', { id: 1, state: 'skipped' })]
    const result = decide({ rows, files: [], loaded: {} })
    assert.deepEqual(result.kind === 'plan' && result.steps.map(({ origin }) => origin), ['nothing'])
    const states = surveyStates({ files: [], archived: new Set(), applied: rows })
    assert.deepEqual(listToLoad(rows, states, request({ fromHistory: true })), { files: [], stored: [] })
  })
})
