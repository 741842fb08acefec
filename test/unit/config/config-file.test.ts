import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfigValue, warnOfUnknownKeys } from '../../../src/config/config-file.ts'
import { type SettingName, settingNames, settingOf } from '../../../src/config/settings.ts'
import { findCandidates, findSetting } from '../../../src/config/sources.ts'
import { isSlipwayError } from '../../../src/errors.ts'

/** Setting, value as exported, text as in a variable. */
const taken: readonly (readonly [SettingName, unknown, string])[] = [
  ['dir', './db', './db'],
  ['allowEmpty', true, 'true'],
  ['allowEmpty', false, 'false'],
  ['lockTimeout', '5m', '5m'],
  ['lockTimeout', 0, '0'],
  ['onAhead', 'error', 'error'],
  ['grantSelectTo', ['a', 'b, c'], 'a, "b, c"'],
  ['grantSelectTo', 'a, b', 'a, b'],
  ['grantSelectTo', [], ''],
]

for (const [name, value, text] of taken)
  test(`${name}: ${JSON.stringify(value)} is ${text}`, () => {
    assert.equal(readConfigValue(settingOf(name).type, value, { kind: 'config', key: name, file: 'f' }), text)
  })

const refused: readonly (readonly [SettingName, unknown, RegExp])[] = [
  ['dir', 5, /^\w+ in f must be a text, not a number$/],
  ['dir', null, /not null$/],
  ['databaseUrl', { url: 'hunter2' }, /^\w+ in f must be a text, not an object$/],
  ['databaseUrl', ['hunter2'], /not a list$/],
  ['allowEmpty', 'true', /^\w+ in f must be true or false, not a text$/],
  ['lockTimeout', 5, /^\w+ in f must be a duration such as .*, not a number$/],
  ['onAhead', true, /^\w+ in f must be one of allow, error, allow-breaking, not a boolean$/],
  ['grantSelectTo', [1], /^\w+ in f must be a list of texts, not a list$/],
  ['dir', () => './db', /not a function$/],
]

for (const [name, value, message] of refused)
  test(`${name}: ${JSON.stringify(value)} is refused`, () => {
    assert.throws(
      () => readConfigValue(settingOf(name).type, value, { kind: 'config', key: name, file: 'f' }),
      (error) => isSlipwayError(error) && error.code === 'bad-setting' && message.test(error.message),
    )
  })

const warned: readonly (readonly [string, RegExp | undefined])[] = [
  ['dir', undefined],
  ['lockTimout', /^unknown key lockTimout in f; did you mean lockTimeout\?$/],
  ['SLIPWAY_LOCK_TIMEOUT', /did you mean lockTimeout\?$/],
  ['lock-timeout', /did you mean lockTimeout\?$/],
  ['xyzzyPlughFrotz', /^unknown key xyzzyPlughFrotz in f$/],
  ['env', /^unknown key env in f: it is needed before that file is read; set SLIPWAY_ENV or --env$/],
  ['postgres://u:hunter2@h', /^unknown key \(not shown\) in f/],
]

for (const [key, message] of warned)
  test(`the key ${key}`, () => {
    const warnings = warnOfUnknownKeys({ shown: 'f', folder: '/', values: { [key]: 'x' } })
    assert.equal(warnings.length, message === undefined ? 0 : 1)
    if (message !== undefined) assert.match(warnings[0]?.message ?? '', message)
  })

test('every setting has a key, but those that are needed before the file', () => {
  const values = Object.fromEntries(settingNames.map((name) => [name, 'x']))
  const file = { shown: 'f', folder: '/', values }
  const without = settingNames.filter((name) => settingOf(name).beforeConfigFile === true)
  assert.deepEqual(without, ['config', 'env'])
  for (const name of settingNames)
    assert.equal([...findCandidatesOf(name, file)].length, without.includes(name) ? 0 : 1, name)
})

test('a value that is empty or undefined counts as unset', () => {
  const file = { shown: 'f', folder: '/', values: { dir: '', table: undefined } }
  for (const name of ['dir', 'table'] as const)
    assert.equal(findSetting(name, { flags: {}, layers: [], cwd: '/', file }), undefined)
})

function findCandidatesOf(name: SettingName, file: Parameters<typeof warnOfUnknownKeys>[0]) {
  return findCandidates(name, { flags: {}, layers: [], cwd: '/', file })
}
