/** The table of planning: one row is a folder, a history and a request, and what comes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSlipwayError, SlipwayError } from '../../../src/errors.ts'
import { checksumOf } from '../../../src/plan/checksum.ts'
import {
  type DeclaredOptions,
  defaultOptions,
  type HistoryRow,
  type Language,
  type MigrationFile,
} from '../../../src/plan/migration.ts'
import { parseMigrationName } from '../../../src/plan/name.ts'
import {
  isUpToDate,
  listUnapplied,
  type PlanInput,
  planUp,
  refusalError,
  type UpRequest,
} from '../../../src/plan/plan.ts'
import { parseTarget } from '../../../src/plan/target.ts'

const a = '20260101000000_a'
const b = '20260102000000_b'
const c = '20260103000000_c'
const d = '20260104000000_d'
const x = '20260105000000_x'
const y = '20260106000000_y'
const now = new Date('2026-06-15T12:00:00Z')

interface FileSpec {
  readonly name: string
  readonly text?: string
  readonly language?: Language
  readonly options?: Partial<DeclaredOptions>
}
type RowSpec = Partial<HistoryRow> & { readonly name: string; readonly text?: string }

interface Case {
  readonly what: string
  readonly files: readonly (string | FileSpec)[]
  readonly history?: readonly (string | RowSpec)[]
  readonly archived?: readonly string[]
  readonly request?: Partial<Omit<UpRequest, 'target'>> & { readonly to?: string }
  readonly languages?: Readonly<Record<string, Language>>
  /** `name`, or `resume name`, `skip name`. */
  readonly steps?: readonly string[]
  /** `code name`; the case is a refusal if given. */
  readonly reasons?: readonly string[]
  readonly exit?: number
  /** `code` or `code name`. */
  readonly warnings?: readonly string[]
  readonly ahead?: readonly string[]
  /** Slug or name to state, only where it is neither pending nor applied. */
  readonly states?: Readonly<Record<string, string>>
  /** Must be in the error's message, or else in a warning's. */
  readonly says?: readonly (string | RegExp)[]
}

const cases: readonly Case[] = [
  // pending and applied
  { what: 'nothing anywhere', files: [], steps: [] },
  { what: 'everything pending, in order whatever the input', files: [c, a, b], steps: [a, b, c] },
  { what: 'everything applied', files: [a, b], history: [a, b], steps: [] },
  { what: 'the rest', files: [a, b, c], history: [a], steps: [b, c] },
  {
    what: 'sequence numbers go by value',
    files: ['10_x', '9_x', '0001_x'],
    steps: ['0001_x', '9_x', '10_x'],
  },
  {
    what: 'a skipped row counts as done',
    files: [a, b],
    history: [a, { name: b, state: 'skipped' }],
    states: { b: 'skipped' },
    steps: [],
  },
  {
    what: 'a skipped row is no reason to be late afterwards',
    files: [a, b, c],
    history: [a, { name: b, state: 'skipped' }],
    states: { b: 'skipped' },
    steps: [c],
  },

  // dialects
  {
    what: 'another dialect is skipped, in its place',
    files: [a, { name: b, options: { dialects: ['sqlite'] } }, c],
    steps: [a, `skip ${b}`, c],
  },
  {
    what: 'this dialect among others',
    files: [{ name: a, options: { dialects: ['sqlite', 'postgres'] } }],
    steps: [a],
  },

  // changed
  {
    what: 'an edited file',
    files: [{ name: a, text: 'new' }, b],
    history: [{ name: a, text: 'old' }],
    states: { a: 'changed' },
    reasons: [`changed ${a}`],
    exit: 65,
    says: [
      `${a} was edited after it was applied: migrations/${a}.sql`,
      `${checksumOf('old').slice(10, 22)} when applied, ${checksumOf('new').slice(10, 22)} now`,
    ],
  },
  {
    what: 'an edited file that was skipped',
    files: [{ name: a, text: 'new' }],
    history: [{ name: a, text: 'old', state: 'skipped' }],
    states: { a: 'changed' },
    reasons: [`changed ${a}`],
  },
  {
    what: 'an edited file outside the request is refused all the same',
    files: [a, b, { name: c, text: 'new' }],
    history: [a, { name: c, text: 'old' }],
    request: { to: 'a' },
    states: { b: 'late', c: 'changed' },
    reasons: [`changed ${c}`, `late ${b}`],
  },
  {
    what: 'TypeScript that became JavaScript is not compared',
    files: [{ name: a, text: 'new', language: 'javascript' }],
    history: [{ name: a, text: 'old' }],
    languages: { [a]: 'typescript' },
    steps: [],
    warnings: [`other-language ${a}`],
  },
  {
    what: 'JavaScript that became TypeScript is not compared',
    files: [{ name: a, text: 'new', language: 'typescript' }],
    history: [{ name: a, text: 'old' }],
    languages: { [a]: 'javascript' },
    steps: [],
    warnings: [`other-language ${a}`],
  },
  {
    what: 'SQL that became TypeScript is changed',
    files: [{ name: a, text: 'new', language: 'typescript' }],
    history: [{ name: a, text: 'old' }],
    languages: { [a]: 'sql' },
    states: { a: 'changed' },
    reasons: [`changed ${a}`],
  },
  {
    what: 'an edited file of the same language is changed',
    files: [{ name: a, text: 'new', language: 'typescript' }],
    history: [{ name: a, text: 'old' }],
    languages: { [a]: 'typescript' },
    states: { a: 'changed' },
    reasons: [`changed ${a}`],
  },

  // ahead and missing
  {
    what: 'an older image meets a newer schema',
    files: [a, b],
    history: [a, b, x, y],
    states: { x: 'ahead', y: 'ahead' },
    ahead: [x, y],
    steps: [],
    warnings: ['ahead'],
    says: [`the database is ahead of this image by 2: ${x}, ${y}`],
  },
  {
    what: 'an older image meets a newer schema with a late file in it',
    files: [a, c],
    history: [a, c, x, b],
    states: { x: 'ahead', b: 'ahead' },
    ahead: [b, x],
    steps: [],
    warnings: ['ahead'],
  },
  {
    what: 'an older image knows a late file that came after one it does not know',
    files: [a, b, c],
    history: [a, b, x, c],
    states: { x: 'ahead' },
    ahead: [x],
    steps: [],
    warnings: ['ahead'],
  },
  {
    what: 'a deleted file',
    files: [a, c],
    history: [a, b, c],
    states: { b: 'missing' },
    reasons: [`missing ${b}`],
    exit: 65,
    says: [`${b} is applied, but has no file here`],
  },
  {
    what: 'a deleted late file with one after it',
    files: [a, c, d],
    history: [a, c, b, d],
    states: { b: 'missing' },
    reasons: [`missing ${b}`],
  },
  {
    what: 'missing and ahead at once',
    files: [a, c],
    history: [a, b, c, x],
    states: { b: 'missing', x: 'ahead' },
    ahead: [x],
    reasons: [`missing ${b}`],
    warnings: ['ahead'],
  },
  {
    what: 'a name without a version goes by the order of application alone',
    files: [a, b],
    history: [a, 'baseline', b, 'afterwards'],
    states: { baseline: 'missing', afterwards: 'ahead' },
    ahead: ['afterwards'],
    reasons: ['missing baseline'],
    warnings: ['ahead'],
  },
  {
    what: 'a file in old/ is not missing',
    files: [b],
    archived: [a],
    history: [a, b],
    states: { a: 'archived' },
    steps: [],
  },
  {
    what: 'a file in old/ is known: what came before it is missing',
    files: [a],
    archived: [c],
    history: [a, b, c],
    states: { b: 'missing', c: 'archived' },
    reasons: [`missing ${b}`],
  },
  { what: 'a file in old/ never runs', files: [b], archived: [a], steps: [b] },
  {
    what: 'on-ahead=error',
    files: [a],
    history: [a, x, y],
    request: { onAhead: 'error' },
    states: { x: 'ahead', y: 'ahead' },
    ahead: [x, y],
    reasons: [`ahead ${x}`, `ahead ${y}`],
    exit: 65,
  },
  {
    what: 'breaking ahead',
    files: [a],
    history: [a, x, { name: y, breaking: true }],
    states: { x: 'ahead', y: 'ahead' },
    ahead: [x, y],
    reasons: [`ahead-breaking ${y}`],
    exit: 65,
    says: ['declared breaking'],
  },
  {
    what: 'breaking ahead under on-ahead=error',
    files: [a],
    history: [a, x, { name: y, breaking: true }],
    request: { onAhead: 'error' },
    states: { x: 'ahead', y: 'ahead' },
    ahead: [x, y],
    reasons: [`ahead ${x}`, `ahead-breaking ${y}`],
  },
  {
    what: 'on-ahead=allow-breaking',
    files: [a],
    history: [a, { name: y, breaking: true }],
    request: { onAhead: 'allow-breaking' },
    states: { y: 'ahead' },
    ahead: [y],
    steps: [],
    warnings: ['ahead'],
  },
  {
    what: 'a breaking migration that this image knows',
    files: [a, b],
    history: [a, { name: b, breaking: true }],
    steps: [],
  },
  {
    what: 'a newer image did not finish: not the business of this one',
    files: [a],
    history: [a, { name: x, state: 'started' }],
    states: { x: 'ahead' },
    ahead: [x],
    steps: [],
    warnings: ['ahead'],
    says: [`${x} (unfinished)`],
  },
  {
    what: 'pending after what is ahead',
    files: [a, y],
    history: [a, x],
    states: { x: 'ahead' },
    ahead: [x],
    steps: [y],
    warnings: ['ahead'],
  },

  // late
  {
    what: 'a late file',
    files: [a, b, c],
    history: [a, c],
    states: { b: 'late' },
    reasons: [`late ${b}`],
    exit: 65,
    says: [`${b} is pending, but older than ${c}`],
  },
  {
    what: 'late behind one that is ahead',
    files: [a, b],
    history: [a, x],
    states: { b: 'late', x: 'ahead' },
    ahead: [x],
    reasons: [`late ${b}`],
    warnings: ['ahead'],
    says: [`older than ${x}`],
  },
  {
    what: 'late behind an archived one',
    files: [b],
    archived: [c],
    history: [c],
    states: { b: 'late', c: 'archived' },
    reasons: [`late ${b}`],
  },
  {
    what: 'late by slug',
    files: ['1_a', '1_b'],
    history: ['1_b'],
    states: { '1_a': 'late' },
    reasons: ['late 1_a'],
  },
  {
    what: 'out-of-order=warn',
    files: [a, b, c, d],
    history: [a, c],
    request: { outOfOrder: 'warn' },
    states: { b: 'late' },
    steps: [b, d],
    warnings: [`late ${b}`],
    says: [`older than ${c}`],
  },
  {
    what: 'out-of-order=allow',
    files: [a, b, c],
    history: [a, c],
    request: { outOfOrder: 'allow' },
    states: { b: 'late' },
    steps: [b],
  },
  {
    what: 'a file that allows it for itself',
    files: [a, { name: b, options: { outOfOrder: true } }, c, d],
    history: [a, c],
    states: { b: 'late' },
    steps: [b, d],
  },
  {
    what: 'a file that allows it for itself speaks for no other',
    files: [a, { name: b, options: { outOfOrder: true } }, c, d],
    history: [d],
    states: { a: 'late', b: 'late', c: 'late' },
    reasons: [`late ${a}`, `late ${c}`],
  },

  // future
  { what: 'a day ahead', files: ['20260616120000_z'], steps: ['20260616120000_z'] },
  {
    what: 'more than a day ahead',
    files: ['20260616120001_z'],
    reasons: ['future 20260616120001_z'],
    exit: 66,
    says: ['2026-06-15T12:00:00.000Z'],
  },
  { what: 'a date alone, more than a day ahead', files: ['2026_06_17_z'], reasons: ['future 2026_06_17_z'] },
  { what: 'an applied one may be ahead', files: ['20270101_z'], history: ['20270101_z'], steps: [] },
  { what: 'a sequence number is never ahead', files: ['20269999_z'], steps: ['20269999_z'] },

  // unfinished
  {
    what: 'SQL goes on',
    files: [a, { name: b, options: { transaction: false } }, c],
    history: [a, { name: b, state: 'started', statementsDone: 2 }],
    states: { b: 'unfinished' },
    steps: [`resume ${b}`, c],
  },
  {
    what: 'SQL goes on with another text',
    files: [{ name: a, text: 'new', options: { transaction: false } }],
    history: [{ name: a, text: 'old', state: 'started' }],
    states: { a: 'unfinished' },
    steps: [`resume ${a}`],
  },
  {
    what: 'SQL whose options are not loaded goes on',
    files: [a],
    history: [{ name: a, state: 'started' }],
    states: { a: 'unfinished' },
    steps: [`resume ${a}`],
  },
  {
    what: 'SQL that left its transaction',
    files: [{ name: a, options: { transaction: true } }],
    history: [{ name: a, state: 'started' }],
    states: { a: 'unfinished' },
    reasons: [`unfinished ${a}`],
    exit: 79,
    says: ['left its own transaction'],
  },
  {
    what: 'a script that is not resumable',
    files: [{ name: a, language: 'typescript', options: { transaction: false } }, b],
    history: [{ name: a, state: 'started' }],
    states: { a: 'unfinished' },
    reasons: [`unfinished ${a}`],
    exit: 79,
    says: ['not declared resumable'],
  },
  {
    what: 'a script whose options are not loaded',
    files: [{ name: a, language: 'javascript' }],
    history: [{ name: a, state: 'started' }],
    states: { a: 'unfinished' },
    reasons: [`unfinished ${a}`],
  },
  {
    what: 'a script that is resumable, with another text',
    files: [{ name: a, text: 'new', language: 'typescript', options: { resumable: true } }, b],
    history: [{ name: a, text: 'old', state: 'started' }],
    states: { a: 'unfinished' },
    steps: [`resume ${a}`, b],
  },
  {
    what: 'an unfinished one in old/',
    files: [b],
    archived: [a],
    history: [{ name: a, state: 'started' }],
    states: { a: 'unfinished' },
    reasons: [`unfinished ${a}`],
    says: ['in old/'],
  },
  {
    what: 'an unfinished one is not late',
    files: [a, { name: b, options: { transaction: false } }, c],
    history: [a, { name: b, state: 'started' }, c],
    states: { b: 'unfinished' },
    steps: [`resume ${b}`],
  },

  // dependsOn
  {
    what: 'a dependency that runs first, by name',
    files: [a, { name: b, options: { dependsOn: [a] } }],
    steps: [a, b],
  },
  {
    what: 'by version and by part, applied and pending',
    files: [a, b, { name: c, options: { dependsOn: ['20260101000000', '_b'] } }],
    history: [a],
    steps: [b, c],
  },
  {
    what: 'a dependency in old/ that is applied',
    files: [{ name: b, options: { dependsOn: [a] } }],
    archived: [a],
    history: [a],
    states: { a: 'archived' },
    steps: [b],
  },
  {
    what: 'a dependency in old/ that is not applied',
    files: [{ name: b, options: { dependsOn: [a] } }],
    archived: [a],
    reasons: [`dependency ${b}`],
    says: ['in old/ and was never applied'],
  },
  {
    what: 'a dependency that only history knows',
    files: [{ name: y, options: { dependsOn: ['x'] } }],
    history: [x],
    states: { x: 'ahead' },
    ahead: [x],
    steps: [y],
    warnings: ['ahead'],
  },
  {
    what: 'a dependency that only history knows and that did not finish',
    files: [{ name: y, options: { dependsOn: [x] } }],
    history: [{ name: x, state: 'started' }],
    states: { x: 'ahead' },
    ahead: [x],
    reasons: [`dependency ${y}`],
    warnings: ['ahead'],
    says: ['did not finish'],
  },
  {
    what: 'an unknown dependency',
    files: ['1_create_users', { name: '2_posts', options: { dependsOn: ['comments', 'creat_users'] } }],
    reasons: ['dependency 2_posts', 'dependency 2_posts'],
    exit: 65,
    says: [
      'depends on comments, which is unknown',
      'creat_users, which is unknown (did you mean 1_create_users?)',
    ],
  },
  {
    what: 'a dependency with two meanings',
    files: ['1_user_a', '2_user_b', { name: '3_posts', options: { dependsOn: ['user'] } }],
    reasons: ['dependency 3_posts'],
    says: ['could be 1_user_a or 2_user_b'],
  },
  {
    what: 'a dependency that sorts later',
    files: [{ name: a, options: { dependsOn: [b] } }, b],
    reasons: [`dependency ${a}`],
    says: [`${a} depends on ${b}, which sorts later`],
  },
  {
    what: 'a dependency that sorts later, although it is applied',
    files: [{ name: a, options: { dependsOn: [b], outOfOrder: true } }, b],
    history: [b],
    states: { a: 'late' },
    reasons: [`dependency ${a}`],
  },
  {
    what: 'a dependency on itself',
    files: [{ name: a, options: { dependsOn: ['a'] } }],
    reasons: [`dependency ${a}`],
    says: ['depends on itself'],
  },
  {
    what: 'a cycle',
    files: [
      { name: a, options: { dependsOn: [c] } },
      { name: b, options: { dependsOn: [a] } },
      { name: c, options: { dependsOn: [b] } },
    ],
    reasons: [`dependency ${a}`],
    says: [`${a} → ${c} → ${b} → ${a}`],
  },

  // the request
  { what: 'steps', files: [a, b, c, d], history: [a], request: { steps: 2 }, steps: [b, c] },
  { what: 'more steps than there are', files: [a, b], request: { steps: 9 }, steps: [a, b] },
  {
    what: 'a skip and a resumption are steps',
    files: [{ name: a, options: { transaction: false } }, { name: b, options: { dialects: ['sqlite'] } }, c],
    history: [{ name: a, state: 'started' }],
    states: { a: 'unfinished' },
    request: { steps: 2 },
    steps: [`resume ${a}`, `skip ${b}`],
  },
  { what: 'to a name', files: [a, b, c], request: { to: b }, steps: [a, b] },
  { what: 'to a version', files: [a, b, c], request: { to: '20260102000000' }, steps: [a, b] },
  { what: 'to a part of a name', files: [a, b, c], request: { to: '_b' }, steps: [a, b] },
  { what: 'to head', files: [a, b], history: [a], request: { to: 'head' }, steps: [b] },
  { what: 'to head of an empty folder', files: [], request: { to: 'head' }, steps: [] },
  { what: 'to base', files: [a, b], request: { to: 'base' }, steps: [] },
  { what: 'to +2', files: [a, b, c, d], history: [a], request: { to: '+2' }, steps: [b, c] },
  { what: 'to an applied one', files: [a, b, c], history: [a, b], request: { to: 'a' }, steps: [] },
  {
    what: 'to one that is ahead of this image',
    files: [a, b],
    history: [a, b, x],
    states: { x: 'ahead' },
    ahead: [x],
    request: { to: x },
    steps: [],
    warnings: ['ahead'],
  },
  {
    what: 'a future file beyond the target is refused all the same',
    files: [a, '20270101_z'],
    request: { to: 'a' },
    reasons: ['future 20270101_z'],
  },

  // several reasons, and the folder as a whole
  {
    what: 'every reason is listed; 65 comes before 66 and 79',
    files: [
      { name: a, language: 'typescript', options: { transaction: false } },
      { name: b, text: 'new' },
      c,
      y,
      { name: '20270101_z', options: { dependsOn: ['nothing'] } },
    ],
    history: [{ name: a, state: 'started' }, { name: b, text: 'old' }, d, x, { name: y, text: 'old' }],
    states: { a: 'unfinished', b: 'changed', c: 'late', d: 'missing', x: 'missing', y: 'changed' },
    reasons: [
      `changed ${b}`,
      `changed ${y}`,
      `missing ${d}`,
      `missing ${x}`,
      `late ${c}`,
      'future 20270101_z',
      `unfinished ${a}`,
      'dependency 20270101_z',
    ],
    exit: 65,
    says: [/^8 reasons to stop:\n- /, 'nothing', d, 'not declared resumable'],
  },
  {
    what: '66 comes before 79',
    files: [{ name: a, language: 'typescript' }, '20270101_z'],
    history: [{ name: a, state: 'started' }],
    states: { a: 'unfinished' },
    reasons: ['future 20270101_z', `unfinished ${a}`],
    exit: 66,
  },
  {
    what: 'two styles of version',
    files: ['001_a', a],
    steps: ['001_a', a],
    warnings: ['mixed-versions'],
    says: ['001_a', a],
  },
  {
    what: 'a zero goes with timestamps',
    files: ['00000000000000_initial', a],
    steps: ['00000000000000_initial', a],
  },
]

for (const row of cases) {
  test(`plan: ${row.what}`, () => {
    const result = planUp(inputOf(row))
    const texts = result.warnings.map(({ message }) => message)
    const states = Object.fromEntries(
      result.states
        .filter(({ state }) => state !== 'pending' && state !== 'applied')
        .map(({ name, state }) => [shortName(name, row), state]),
    )
    assert.deepEqual(states, row.states ?? {})
    assert.deepEqual(
      result.ahead.map(({ name }) => name),
      row.ahead ?? [],
    )
    assert.deepEqual(
      result.warnings.map(({ code, migration }) => (migration === undefined ? code : `${code} ${migration}`)),
      row.warnings ?? [],
    )
    if (result.kind === 'plan') {
      assert.deepEqual(result.steps.map(showStep), row.steps)
    } else {
      assert.deepEqual(
        result.reasons.map(({ code, facts }) => `${code} ${facts.migration}`),
        row.reasons,
      )
      const error = refusalError(result)
      if (row.exit !== undefined) assert.equal(error.exitCode, row.exit)
      assert.deepEqual(error.facts.reasons ?? [error], result.reasons)
      for (const reason of result.reasons) assert.ok(error.message.includes(reason.message))
      texts.push(error.message)
    }
    for (const text of row.says ?? []) {
      const found = texts.some((message) =>
        typeof text === 'string' ? message.includes(text) : text.test(message),
      )
      assert.ok(found, `${text} is said in none of:\n${texts.join('\n')}`)
    }
  })
}

test('states are in the order of versions, names without one last', () => {
  const { states } = planUp(inputOf({ what: '', files: [c, '001_z'], history: ['zoo', 'ark', b, d] }))
  assert.deepEqual(
    states.map(({ name }) => name),
    ['001_z', b, c, d, 'zoo', 'ark'],
  )
})

test('a single reason keeps its code, hint and location', () => {
  const result = planUp(inputOf({ what: '', files: [a, b], history: [b] }))
  assert.ok(result.kind === 'refusal')
  const error = refusalError(result)
  assert.equal(error.code, 'late')
  assert.equal(error.facts.migration, a)
  assert.equal(error.facts.location?.file, `migrations/${a}.sql`)
  assert.match(error.hint, /SLIPWAY_OUT_OF_ORDER/)
})

for (const [what, to, code] of [
  ['an unknown target', 'nothing_like_it', 'unknown-target'],
  ['an ambiguous target', '2026', 'ambiguous-target'],
  ['too far', '+3', 'unknown-target'],
] as const) {
  test(`${what} is thrown, not planned`, () => {
    assert.throws(
      () => planUp(inputOf({ what, files: [a, b], request: { to } })),
      (error) => isSlipwayError(error) && error.code === code && error.exitCode === 64,
    )
  })
}

test('the fast path: what is to be loaded', () => {
  const { files, applied } = inputOf({
    what: '',
    files: [d, c, b, a],
    history: [a, { name: b, state: 'started' }, { name: c, state: 'skipped' }],
  })
  assert.deepEqual(
    listUnapplied(files, applied).map(({ name }) => name),
    [b, d],
  )
  assert.equal(isUpToDate(files, applied), false)
  assert.equal(
    isUpToDate(
      files.filter(({ name }) => name === a || name === c),
      applied,
    ),
    true,
  )
})

function inputOf(row: Case): PlanInput {
  const specs = row.files.map((file) => (typeof file === 'string' ? { name: file } : file))
  const { to, ...request } = row.request ?? {}
  return {
    files: specs.map(fileOf),
    archived: new Set(row.archived),
    options: new Map(
      specs.flatMap(({ name, options }) =>
        options === undefined ? [] : [[name, { ...defaultOptions, ...options }]],
      ),
    ),
    applied: (row.history ?? []).map(rowOf),
    ...(row.languages && { recordedLanguages: new Map(Object.entries(row.languages)) }),
    request: {
      outOfOrder: 'error',
      onAhead: 'allow',
      now,
      dialect: 'postgres',
      ...request,
      ...(to !== undefined && { target: parseTarget(to) }),
    },
  }
}

function fileOf({ name, text = 'select 1', language = 'sql' }: FileSpec): MigrationFile {
  const parsed = parseMigrationName(name)
  assert.ok(parsed, name)
  const extension = { sql: 'sql', typescript: 'ts', javascript: 'js' }[language]
  const shown = `migrations/${name}.${extension}`
  const up = { path: `/${shown}`, shown, text }
  return { name, ...parsed, language, up, source: text, checksum: checksumOf(text) }
}

function rowOf(spec: string | RowSpec, index: number): HistoryRow {
  const { text = 'select 1', ...row } = typeof spec === 'string' ? { name: spec } : spec
  return {
    id: index + 1,
    checksum: checksumOf(text),
    appliedAt: now,
    durationMs: 1,
    appliedBy: 'user@host',
    runnerVersion: '0.0.0',
    runId: 'run',
    state: 'applied',
    statementsDone: 0,
    breaking: false,
    ...row,
  }
}

function showStep({ name, action }: { name: string; action: string }): string {
  return action === 'apply' ? name : `${action} ${name}`
}

/** The table writes `a` for `20260101000000_a`. */
function shortName(name: string, row: Case): string {
  const slug = parseMigrationName(name)?.slug ?? name
  return row.states !== undefined && slug in row.states ? slug : name
}

test('every reason is a SlipwayError of its own', () => {
  const result = planUp(inputOf({ what: '', files: [a, b, c], history: [c] }))
  assert.ok(result.kind === 'refusal')
  assert.equal(result.reasons.length, 2)
  assert.ok(result.reasons.every((reason) => reason instanceof SlipwayError))
})
