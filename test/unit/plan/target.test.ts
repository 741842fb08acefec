import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSlipwayError } from '../../../src/errors.ts'
import { type Candidate, candidateOf, parseTarget, resolveTarget } from '../../../src/plan/target.ts'

const names = [
  '001_create_users',
  '002_create_posts',
  '003_add_users',
  '004_add_users_email',
  '004_add_users_name',
  'V5_2__shut_down',
  '20260131120000_größe',
]
const done = ['001_create_users', '002_create_posts', '003_add_users']

/** `base`, a name, or `code: part of the message`. */
const rows: readonly (readonly [target: string, result: string])[] = [
  ['head', '20260131120000_größe'],
  ['base', 'base'],
  ['zero', 'base'],
  ['  head ', '20260131120000_größe'],
  ['001_create_users', '001_create_users'],
  ['001_create_users.ts', '001_create_users'],
  ['migrations/002_create_posts.up.sql', '002_create_posts'],
  ['001', '001_create_users'],
  ['1', '001_create_users'],
  ['V5_2', 'V5_2__shut_down'],
  ['5.2', 'V5_2__shut_down'],
  ['20260131120000', '20260131120000_größe'],
  ['20260131_120000', '20260131120000_größe'],
  ['posts', '002_create_posts'],
  ['POSTS', '002_create_posts'],
  ['shut', 'V5_2__shut_down'],
  ['größe', '20260131120000_größe'],
  ['add_users', '003_add_users'],
  ['add_users_', 'ambiguous-target: 004_add_users_email or 004_add_users_name'],
  ['4', 'ambiguous-target: 004_add_users_email or 004_add_users_name'],
  ['create', 'ambiguous-target: 001_create_users or 002_create_posts'],
  ['create_user_', 'unknown-target: did you mean 001_create_users?'],
  ['001_create_posst', 'unknown-target: did you mean 002_create_posts?'],
  ['quite_something_else', 'unknown-target: no migration matches quite_something_else'],
  ['99', 'unknown-target: no migration matches 99'],
  ['', 'bad-argument: empty'],
  ['  ', 'bad-argument: empty'],
  ['+1', '004_add_users_email'],
  ['+4', '20260131120000_größe'],
  ['+5', 'unknown-target: +5 goes too far: 4 pending'],
  ['-1', '002_create_posts'],
  ['-3', 'base'],
  ['-4', 'unknown-target: -4 goes too far: 3 applied'],
  ['+0', '003_add_users'],
  ['-0', '003_add_users'],
]

for (const [target, result] of rows) {
  test(`target '${target}' → ${result}`, () => {
    assert.match(resolve(target), new RegExp(`^${quote(result).replace(': ', ': .*')}`))
  })
}

test('many candidates are cut short', () => {
  const many = Array.from({ length: 12 }, (_, i) => `${i + 1}_thing`)
  assert.match(
    resolve('thing', [...many, '13_other_thing'], []),
    /1_thing, 2_thing, .*, 8_thing or one of 4 more$/,
  )
})

test('nothing applied: -0 and an empty folder are the base', () => {
  assert.equal(resolve('-0', names, []), 'base')
  assert.equal(resolve('head', [], []), 'base')
})

function resolve(target: string, all: readonly string[] = names, finished: readonly string[] = done): string {
  try {
    const scope = { candidates: [...all].reverse().map(mustParse), done: new Set(finished) }
    const resolved = resolveTarget(parseTarget(target), scope)
    return resolved.kind === 'base' ? 'base' : resolved.name
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    assert.equal(error.exitCode, 64)
    return `${error.code}: ${error.message}`
  }
}

function mustParse(name: string): Candidate {
  const candidate = candidateOf(name)
  assert.ok(candidate, name)
  return candidate
}

function quote(text: string): string {
  return text.replace(/[+.?()]/g, '\\$&')
}
