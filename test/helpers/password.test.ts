import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findLeaksInFiles } from './leak-log.ts'
import { findLeak, generatePassword, spellingsOf } from './password.ts'
import { createWorkspace } from './workspace.ts'

const password = generatePassword()

test('a password has 24 characters, every special one among them, and is new each time', () => {
  assert.equal(password.length, 24)
  for (const character of `@:/?#%&+='"\\`) assert.ok(password.includes(character), character)
  assert.notEqual(generatePassword(), password)
})

const leaks: Record<string, string> = {
  'as written': password,
  'percent-encoded': encodeURIComponent(password),
  'percent-encoded, lower case': encodeURIComponent(password).replace(/%../g, (byte) => byte.toLowerCase()),
  'encoded twice': encodeURIComponent(encodeURIComponent(password)),
  'in a URL': new URL(`postgres://u:${encodeURIComponent(password)}@h/d`).href,
  'as URL writes it': Object.assign(new URL('postgres://u@h/d'), { password }).href,
  'in JSON': JSON.stringify({ password }),
  'in JSON in JSON': JSON.stringify(JSON.stringify({ password })),
  'a URL in JSON': JSON.stringify({ url: `postgres://u:${encodeURIComponent(password)}@h/d` }),
  'as a SQL literal': `'${password.replaceAll("'", "''")}'`,
  'in base64': Buffer.from(password).toString('base64'),
  'its first half': password.slice(0, 12),
  'its second half': password.slice(12),
  'encoded, from the middle on': encodeURIComponent(password).slice(-40),
}
for (const [name, text] of Object.entries(leaks))
  test(`a leak is found ${name}`, () => {
    const found = findLeak(`some words before ${text} some words after`, password)
    assert.ok(found !== undefined)
    for (const spelling of spellingsOf(password)) assert.ok(!found.includes(spelling), 'the finding leaks')
  })

test('what is no leak is none', () => {
  assert.equal(findLeak('postgres://app:***@127.0.0.1:5432/app', password), undefined)
  assert.equal(findLeak(encodeURIComponent(`@:/?#%&+='"\\`), password), undefined)
  assert.equal(findLeak(generatePassword(), password), undefined)
})

test('files are searched, each leak named by its file', () => {
  using workspace = createWorkspace({ clean: 'nothing', dirty: `x ${encodeURIComponent(password)} y` })
  const files = ['clean', 'dirty', 'absent'].map((name) => workspace.path(name))
  const leaks = findLeaksInFiles(files, password)
  assert.equal(leaks.length, 1)
  assert.match(leaks[0] ?? '', /^dirty: x .* y$/)
})
