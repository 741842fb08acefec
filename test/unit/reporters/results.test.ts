import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../../src/dialects/amendment.ts'
import { SlipwayError } from '../../../src/errors.ts'
import type { HistoryRow } from '../../../src/plan/migration.ts'
import { createRedactor } from '../../../src/redact.ts'
import { historyJson } from '../../../src/reporters/history-json.ts'
import { historyText } from '../../../src/reporters/history-text.ts'
import { jsonText } from '../../../src/reporters/json-text.ts'
import { planText } from '../../../src/reporters/plan-text.ts'
import type {
  MigrationStatus,
  PlanResult,
  StatusResult,
  VerifyResult,
} from '../../../src/reporters/results.ts'
import { statusJson } from '../../../src/reporters/status-json.ts'
import { statusText } from '../../../src/reporters/status-text.ts'
import { verifyJson } from '../../../src/reporters/verify-json.ts'
import { verifyText } from '../../../src/reporters/verify-text.ts'

const facts = {
  database: 'postgres://app@db:5432/app',
  dialect: 'postgres',
  serverVersion: '18.1',
  historyTable: 'public.schema_migrations',
}
const at = new Date('2026-01-01T12:03:11.000Z')
const applied = (name: string, durationMs = 12): MigrationStatus => ({
  name,
  state: 'applied',
  appliedAt: at,
  durationMs,
  appliedBy: 'ns/pod@node',
})
const status = (extra: Partial<StatusResult>): StatusResult => ({
  ...facts,
  migrations: [],
  refusals: [],
  warnings: [],
  ...extra,
})
const plain = { colors: false }

test('status: a few migrations', () => {
  const result = status({
    current: '002_漢字',
    head: '003_last',
    migrations: [applied('001_first'), applied('002_漢字', 61_000), { name: '003_last', state: 'pending' }],
    warnings: [{ code: 'x', message: 'careful' }],
  })
  assert.equal(
    statusText(result, plain),
    `database  postgres://app@db:5432/app (PostgreSQL 18.1)
history   public.schema_migrations
current   002_漢字
head      003_last
counts    2 applied, 1 pending

  ✓  001_first  applied  2026-01-01 12:03:11 UTC  12 ms
  ✓  002_漢字   applied  2026-01-01 12:03:11 UTC  61 s
  ○  003_last   pending

! careful

next: slipway up
`,
  )
})

test('status: nothing anywhere', () => {
  assert.equal(
    statusText(status({}), plain),
    `database  postgres://app@db:5432/app (PostgreSQL 18.1)
history   public.schema_migrations
current   nothing applied yet
head      no migrations in the folder
counts    0 applied, 0 pending
`,
  )
})

test('status: refusals replace the advice to run up', () => {
  const text = statusText(
    status({
      migrations: [
        { name: 'a', state: 'changed' },
        { name: 'b', state: 'pending' },
      ],
      refusals: [new SlipwayError('changed', 'a was edited', { hint: 'restore a' })],
    }),
    plain,
  )
  assert.match(text, /counts {4}0 applied, 1 pending, 1 changed\n/)
  assert.ok(text.endsWith('\n\n✗ a was edited\nnext: restore a\n'))
  assert.doesNotMatch(text, /slipway up/)
})

const many = (count: number, state: 'applied' | 'pending') =>
  Array.from({ length: count }, (_, i) => ({ name: `${state}_${i}`, state }))

test('status: long runs are shortened and say by how much; all of them on request', () => {
  const result = status({
    migrations: [...many(42, 'applied'), { name: 'x', state: 'missing' }, ...many(30, 'pending')],
  })
  const text = statusText(result, plain)
  const list = text.split('\n\n')[1]?.split('\n') ?? []
  assert.equal(list.length, 1 + 5 + 1 + 10 + 1)
  assert.equal(list[0], '  … 37 applied (slipway history lists them)')
  assert.match(list[1] ?? '', /applied_37/)
  assert.equal(list.at(-1), '  … 20 more pending (slipway up --dry-run lists them)')
  const all = statusText(result, { ...plain, all: true })
  assert.equal(all.split('\n\n')[1]?.split('\n').length, 73)
  assert.doesNotMatch(statusText(status({ migrations: many(12, 'applied') }), plain), /…/)
})

test('status --json', () => {
  const json = statusJson(
    status({ current: 'a', migrations: [applied('a'), { name: 'b', state: 'pending' }] }),
  )
  assert.deepEqual(json, {
    ...facts,
    current: 'a',
    head: null,
    counts: {
      applied: 1,
      pending: 1,
      skipped: 0,
      archived: 0,
      ahead: 0,
      changed: 0,
      missing: 0,
      late: 0,
      unfinished: 0,
    },
    migrations: [
      {
        name: 'a',
        state: 'applied',
        appliedAt: '2026-01-01T12:03:11.000Z',
        durationMs: 12,
        appliedBy: 'ns/pod@node',
      },
      { name: 'b', state: 'pending', appliedAt: null, durationMs: null, appliedBy: null },
    ],
    refusals: [],
    warnings: [],
  })
})

const row = (extra: Partial<HistoryRow>): HistoryRow => ({
  id: 1,
  name: '001_first',
  checksum: 'sha256-v1:aa',
  appliedAt: at,
  durationMs: 12,
  appliedBy: 'ns/pod@node',
  runnerVersion: '0.1.0',
  runId: 'r1',
  state: 'applied',
  statementsDone: 0,
  breaking: false,
  ...extra,
})
const entry = (event: string, extra: Partial<LogRecord> = {}): LogRecord => ({
  id: 1,
  at,
  event,
  name: '004_x',
  checksum: 'c',
  statementsDone: undefined,
  durationMs: undefined,
  appliedBy: 'ns/pod@node',
  runnerVersion: '0.1.0',
  runId: '0a1b2c3d-e4f5',
  detail: undefined,
  ...extra,
})
const log = [
  entry('up', { durationMs: 12 }),
  entry('resume', { statementsDone: 2 }),
  entry('failure', { detail: 'no\nway' }),
  entry('unlock', { name: '', checksum: '', detail: 'ended pid 12' }),
]

test('history', () => {
  const rows = [
    row({}),
    row({ id: 2, name: '002_second', breaking: true }),
    row({ id: 3, name: '003_third', state: 'started', statementsDone: 1, appliedBy: 'someone@a-laptop' }),
  ]
  assert.equal(
    historyText({ ...facts, rows, log }, plain),
    `migration   at                    took   by                runner
001_first   2026-01-01T12:03:11Z  12 ms  ns/pod@node       0.1.0
002_second  2026-01-01T12:03:11Z  12 ms  ns/pod@node       0.1.0   breaking
003_third   2026-01-01T12:03:11Z  12 ms  someone@a-laptop  0.1.0   unfinished, 1 statement done

log
event    at                    migration  took   by           run
up       2026-01-01T12:03:11Z  004_x      12 ms  ns/pod@node  0a1b2c3d
resume   2026-01-01T12:03:11Z  004_x             ns/pod@node  0a1b2c3d  after 2 statements
failure  2026-01-01T12:03:11Z  004_x             ns/pod@node  0a1b2c3d  no way
unlock   2026-01-01T12:03:11Z                    ns/pod@node  0a1b2c3d  ended pid 12
`,
  )
  assert.equal(
    historyText({ ...facts, rows: [] }, plain),
    'nothing has run on postgres://app@db:5432/app (PostgreSQL 18.1) yet\n',
  )
  const json = historyJson({ ...facts, rows: [row({})], log })
  assert.deepEqual(json.migrations, [{ ...row({}), appliedAt: '2026-01-01T12:03:11.000Z' }])
  assert.deepEqual(
    json.failures.map((failure) => failure.at),
    ['2026-01-01T12:03:11.000Z'],
  )
  assert.deepEqual(
    json.log.map(({ event, name, detail }) => [event, name, detail]),
    [
      ['up', '004_x', null],
      ['resume', '004_x', null],
      ['failure', '004_x', 'no\nway'],
      ['unlock', null, 'ended pid 12'],
    ],
  )
})

test('dry run', () => {
  const result: PlanResult = {
    ...facts,
    applied: 42,
    steps: [
      { name: '043_table', action: 'apply', transaction: true },
      { name: '044_index', action: 'resume', transaction: false },
      { name: '045_sqlite_only', action: 'skip', transaction: true },
    ],
    ahead: ['050_x'],
    warnings: [],
  }
  assert.equal(
    planText(result, plain),
    `3 to run, 42 applied on postgres://app@db:5432/app (PostgreSQL 18.1)

  1.  apply   043_table        in a transaction
  2.  resume  044_index        outside a transaction
  3.  skip    045_sqlite_only  not for this kind of database

! 1 migration is ahead of this image: 050_x

dry run: nothing was changed
`,
  )
  assert.equal(
    planText({ ...result, steps: [], ahead: [] }, plain),
    'up to date: 42 applied on postgres://app@db:5432/app (PostgreSQL 18.1)\n',
  )
})

test('verify', () => {
  const result: VerifyResult = {
    ...facts,
    checked: 42,
    pending: ['x'],
    ahead: [],
    refusals: [],
    warnings: [],
  }
  const where = 'postgres://app@db:5432/app (PostgreSQL 18.1)'
  assert.equal(
    verifyText(result, plain),
    `✓ files and history agree on ${where}: 42 applied files hashed; 1 pending\n`,
  )
  const hint = 'restore them'
  const refusals = [
    new SlipwayError('changed', 'a was edited', { hint }),
    new SlipwayError('missing', 'b is gone', { hint }),
  ]
  assert.equal(
    verifyText({ ...result, pending: [], refusals }, plain),
    `✗ files and history disagree on ${where}: 42 applied files hashed\n\n✗ a was edited\n✗ b is gone\nnext: restore them\n`,
  )
  assert.equal(verifyJson(result).ok, true)
  const disagreed = verifyJson({ ...result, refusals })
  assert.deepEqual(
    [disagreed.ok, disagreed.refusals.map(({ code }) => code)],
    [false, ['changed', 'missing']],
  )
})

test('--json text is redacted by value and ends with a line break', () => {
  assert.equal(
    jsonText({ message: 'a"b', figure: 12345, none: undefined }, createRedactor(['a"b', '234'])),
    '{\n  "message": "***",\n  "figure": 12345\n}\n',
  )
})
