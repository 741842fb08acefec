import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SlipwayError } from '../../../src/errors.ts'
import type { RunOutcome } from '../../../src/events.ts'
import { createRedactor, noRedaction } from '../../../src/redact.ts'
import {
  maxTerminationBytes,
  summariseOutcome,
  writeTerminationMessage,
} from '../../../src/reporters/termination.ts'
import { fullError, nastyPassword, refusal, users } from './samples.ts'

function outcome(extra: Partial<RunOutcome> = {}): RunOutcome {
  return {
    runId: 'r1',
    verb: 'up',
    exitCode: 0,
    applied: [users],
    skipped: [],
    pending: [],
    ahead: [],
    durationMs: 12,
    ...extra,
  }
}

test('success: counts and names', () => {
  assert.equal(
    summariseOutcome(outcome()),
    `{"exitCode":0,"verb":"up","runId":"r1","durationMs":12,"counts":{"applied":1,"pending":0,"skipped":0,"ahead":0},"applied":["${users}"],"pending":[],"skipped":[],"ahead":[]}`,
  )
})

test('failure: what, where, what next', () => {
  const { error } = JSON.parse(summariseOutcome(outcome({ exitCode: 70, error: fullError() })))
  assert.deepEqual(
    [error.code, error.message, error.file, error.line, error.sqlstate, error.hint],
    [
      'migration-failed',
      'relation "userz" does not exist',
      'migrations/20260103000000_add_email.sql',
      12,
      '42P01',
      'correct it and run again: slipway up',
    ],
  )
  const { error: refused } = JSON.parse(summariseOutcome(outcome({ exitCode: 65, error: refusal() })))
  assert.equal(refused.reasons.length, 2)
})

const texts: Record<string, string> = {
  'three-byte characters': '漢'.repeat(20_000),
  'four-byte characters': '🚀'.repeat(20_000),
  'escaped characters': '\u0001"\\'.repeat(20_000),
  'lone surrogates': '\ud800'.repeat(20_000),
  ascii: 'x'.repeat(20_000),
}
for (const [what, text] of Object.entries(texts))
  test(`at most 4096 bytes with long ${what} everywhere, and still JSON`, () => {
    const many = Array.from({ length: 3000 }, (_, i) => `${i}_${text.slice(0, 200)}`)
    const reasons = many.map((message) => new SlipwayError('changed', message))
    const error = new SlipwayError('changed', text, {
      reasons,
      hint: text,
      detail: text,
      migration: text,
      sqlstate: text,
      location: { file: text, line: 1, column: 1 },
    })
    const lists = { applied: many, pending: many, skipped: many, ahead: many }
    const summary = summariseOutcome(outcome({ ...lists, exitCode: 65, error, runId: text, verb: text }))
    assert.ok(Buffer.byteLength(summary) <= maxTerminationBytes)
    const parsed = JSON.parse(summary)
    assert.equal(parsed.counts.pending, 3000)
    assert.equal(parsed.error.code, 'changed')
    assert.match(parsed.error.message, /…$/)
    if (what !== 'lone surrogates')
      assert.ok(
        [...parsed.applied, ...parsed.pending, parsed.error.message].every((shown) => shown.isWellFormed()),
        'no character is cut in two',
      )
  })

test('room is used: many short names are not cut to one', () => {
  const names = Array.from({ length: 60 }, (_, i) => `20260101_${i}`)
  assert.equal(JSON.parse(summariseOutcome(outcome({ applied: names }))).applied.length, 50)
})

test('a password is not written, not even the beginning of one that is cut', () => {
  for (let pad = 1480; pad < 1500; pad++) {
    const error = new SlipwayError('migration-failed', `${'-'.repeat(pad)}${nastyPassword}${'-'.repeat(99)}`)
    const summary = summariseOutcome(outcome({ error }), createRedactor([nastyPassword]))
    assert.equal(summary.includes(nastyPassword.slice(0, 3)), false)
  }
})

test('the file is replaced where it exists, never created, and nothing is ever thrown', () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-termination-'))
  try {
    const path = join(dir, 'log')
    const options = { outcome: outcome(), redact: noRedaction }
    assert.equal(writeTerminationMessage({ path, ...options }), false)
    assert.equal(existsSync(path), false)
    writeFileSync(path, 'x'.repeat(9000))
    assert.equal(writeTerminationMessage({ path, ...options }), true)
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).exitCode, 0)
    mkdirSync(join(dir, 'folder'))
    assert.equal(writeTerminationMessage({ path: join(dir, 'folder'), ...options }), false)
    assert.equal(writeTerminationMessage({ path: '/dev/null', ...options }), false)
  } finally {
    rmSync(dir, { recursive: true })
  }
})
