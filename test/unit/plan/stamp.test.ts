/** What `stamp` records: a folder, a history and a target, and what comes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planStamp } from '../../../src/plan/stamp.ts'
import { parseTarget } from '../../../src/plan/target.ts'
import { inputOf, type Situation } from './histories.ts'

const [a, b, c, d] = ['20260101000000_a', '20260102000000_b', '20260103000000_c', '20260104000000_d']
const far = '20260801000000_far'
const started = (name: string) => ({ name, state: 'started' as const })

interface Case extends Situation {
  readonly what: string
  readonly target: string
  readonly only?: true
  /** `name`, or `skip name`. */
  readonly records?: readonly string[]
  /** `code name`; a refusal if given. */
  readonly reasons?: readonly string[]
}

const cases: readonly Case[] = [
  { what: 'everything', files: [c, a, b], target: 'head', records: [a, b, c] },
  { what: 'up to one', files: [a, b, c], target: 'b', records: [a, b] },
  { what: 'one alone', files: [a, b, c], target: 'b', only: true, records: [b] },
  { what: 'the n-th that is pending', files: [a, b, c, d], history: [a], target: '+2', records: [b, c] },
  {
    what: 'what is recorded is left alone',
    files: [a, b, c],
    history: [a, { name: b, state: 'skipped' }],
    target: 'head',
    records: [c],
  },
  { what: 'a place that history has passed', files: [a, b], history: [a, b], target: '-1', records: [] },
  { what: 'an empty folder', files: [], target: 'head', records: [] },
  { what: 'a name that only history has', files: [b], history: [a], target: 'a', records: [] },
  {
    what: 'for another dialect: recorded as skipped',
    files: [a, { name: b, options: { dialects: ['sqlite'] } }],
    target: 'head',
    records: [a, `skip ${b}`],
  },
  // Late is no objection: nothing runs.
  { what: 'a late one', files: [a, b], history: [b], target: 'a', records: [a] },
  {
    what: 'a late one that is left out',
    files: [a, b, c],
    history: [b],
    target: 'c',
    only: true,
    records: [c],
  },
  // What up refuses.
  {
    what: 'an edited file',
    files: [{ name: a, text: 'x' }, b],
    history: [a],
    target: 'head',
    reasons: [`changed ${a}`],
  },
  { what: 'a missing file', files: [b, c], history: [a, b], target: 'head', reasons: [`missing ${a}`] },
  {
    what: 'a breaking one ahead',
    files: [a],
    history: [{ name: b, breaking: true }],
    target: 'head',
    reasons: [`ahead-breaking ${b}`],
  },
  { what: 'one of the future', files: [a, far], target: 'a', reasons: [`future ${far}`] },
  {
    what: 'a dependency that is unknown',
    files: [{ name: a, options: { dependsOn: ['nobody'] } }],
    target: 'head',
    reasons: [`dependency ${a}`],
  },
  // Unfinished ones count where they would be recorded.
  {
    what: 'an unfinished one on the way',
    files: [a, b, c],
    history: [a, started(b)],
    target: 'head',
    reasons: [`unfinished ${b}`],
  },
  {
    what: 'an unfinished one as the target',
    files: [a, b],
    history: [a, started(b)],
    target: 'b',
    only: true,
    reasons: [`unfinished ${b}`],
  },
  {
    what: 'an unfinished one further on',
    files: [a, b, c],
    history: [started(b)],
    target: 'a',
    records: [a],
  },
  {
    what: 'an unfinished one that is left out',
    files: [a, b, c],
    history: [a, started(b)],
    target: 'c',
    only: true,
    records: [c],
  },
  {
    what: 'every reason',
    files: [{ name: a, text: 'x' }, b],
    history: [a, started(b)],
    target: 'head',
    reasons: [`changed ${a}`, `unfinished ${b}`],
  },
]

for (const { what, target, only = false, records, reasons, ...situation } of cases)
  test(what, () => {
    const result = planStamp({ ...inputOf(situation), target: parseTarget(target), only })
    const told = {
      records:
        result.kind === 'plan'
          ? result.steps.map(({ name, action }) => (action === 'skip' ? `skip ${name}` : name))
          : undefined,
      reasons:
        result.kind === 'refusal'
          ? result.reasons.map(({ code, facts }) => `${code} ${facts.migration}`)
          : undefined,
    }
    assert.deepEqual(told, { records, reasons })
  })

test('base, and names that are none', () => {
  const plan = (target: string) =>
    planStamp({ ...inputOf({ files: [a, b] }), target: parseTarget(target), only: false })
  for (const target of ['base', 'zero']) assert.throws(() => plan(target), { code: 'bad-argument' })
  assert.throws(() => plan('c'), { code: 'unknown-target' })
  assert.throws(() => plan('2026'), { code: 'ambiguous-target' })
  assert.throws(() => plan('+3'), { code: 'unknown-target' })
})
