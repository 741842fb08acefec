import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlipwayError } from '../../../src/errors.ts'
import { combineReasons } from '../../../src/plan/refusal.ts'
import { createRedactor, noRedaction } from '../../../src/redact.ts'
import { errorReport } from '../../../src/reporters/error-report.ts'
import { email, nastyPassword, now, refusal, users } from './samples.ts'

const plain = { format: 'pretty', colors: false, redact: noRedaction, level: 'info' } as const
const seeStack = '  set LOG_LEVEL=debug and run it again to see where\n'
const reportIt = 'next: report it with the output of: slipway version\n'

const table: [string, unknown, string][] = [
  [
    'a usage error',
    new SlipwayError('unknown-verb', 'unknown verb "migrate"', { hint: 'slipway up' }),
    '✗ unknown verb "migrate"\nnext: slipway up\n',
  ],
  [
    'a long message',
    new SlipwayError('no-url', 'no database\nis configured'),
    '✗ no database\n  is configured\nnext: export SLIPWAY_DATABASE_URL=postgres://user@host/database\n',
  ],
  [
    'a migration without a location',
    new SlipwayError('no-up', 'nothing to run', { migration: users, sqlstate: 'SQLITE_ERROR' }),
    `✗ nothing to run\n  in ${users}\n  SQLITE_ERROR\nnext: export an async function named up, or add a -- migrate:up section\n`,
  ],
  [
    'one reason that says the same',
    new SlipwayError('missing', 'gone', {
      reasons: [new SlipwayError('missing', 'gone', { location: { file: 'a.sql' } })],
    }),
    '✗ gone\n  at a.sql\nnext: restore the file, or keep it in old/; if it is gone for good: slipway repair --forget NAME\n',
  ],
  [
    'the one reason of a refusal, told once',
    combineReasons([
      new SlipwayError('missing', 'gone', { location: { file: 'a.sql', line: 1, column: 2 } }),
    ]),
    '✗ gone\n  at a.sql:1:2\nnext: restore the file, or keep it in old/; if it is gone for good: slipway repair --forget NAME\n',
  ],
  [
    'reasons with one cure name it once',
    new SlipwayError('missing', 'two are gone', {
      hint: 'slipway status',
      reasons: [new SlipwayError('missing', 'a is gone'), new SlipwayError('missing', 'b is gone')],
    }),
    '✗ two are gone\n  ✗ a is gone\n  ✗ b is gone\nnext: restore the file, or keep it in old/; if it is gone for good: slipway repair --forget NAME\n',
  ],
  [
    'a bug',
    new TypeError('x is not a function'),
    `✗ bug in slipway: x is not a function\n${seeStack}${reportIt}`,
  ],
  [
    'a wrapped bug',
    new SlipwayError('bug', 'no such state'),
    `✗ bug in slipway: no such state\n${seeStack}${reportIt}`,
  ],
  ['a thrown string', 'boom', `✗ bug in slipway: boom\n${seeStack}${reportIt}`],
  ['nothing thrown', undefined, `✗ bug in slipway: undefined\n${seeStack}${reportIt}`],
]
for (const [what, error, expected] of table)
  test(`for a person: ${what}`, () => assert.equal(errorReport(error, plain), expected))

test('a bug shows its stack at debug', () => {
  assert.match(errorReport(new TypeError('x'), { ...plain, level: 'debug' }), /\n {2}TypeError: x\n {6}at /)
})

test('terminal codes in a message are removed, ours are added', () => {
  const text = errorReport(new SlipwayError('bad-url', 'a\u001b[2Jb'), { ...plain, colors: true })
  assert.ok(text.startsWith('\u001b[31m✗\u001b[39m \u001b[31mab\u001b[39m\n'))
})

test('for a collector: one line with the names of the log', () => {
  const text = errorReport(refusal(), { ...plain, format: 'json', verb: 'up', now: () => now })
  const { level, time, verb, event, error, msg } = JSON.parse(text)
  assert.deepEqual(
    [level, time, verb, event, error.code, error.exitCode, error.reasons.length, msg],
    ['error', now.toISOString(), 'up', 'error', 'changed', 65, 2, '2 migrations stand in the way'],
  )
  assert.equal(text.indexOf('\n'), text.length - 1)
})

test('no password in either format', () => {
  const error = new SlipwayError('bad-url', `bad ${nastyPassword}`, { migration: email, hint: nastyPassword })
  for (const format of ['pretty', 'json'] as const) {
    const text = errorReport(error, {
      ...plain,
      format,
      level: 'debug',
      redact: createRedactor([nastyPassword]),
    })
    assert.match(text, /bad \*\*\*/)
    assert.doesNotMatch(text, /p@ss/)
  }
})
