import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderHelp, shownDefault, usageOf } from '../../../src/config/help.ts'
import { variablesOf } from '../../../src/config/setting.ts'
import { settingNames, settingOf } from '../../../src/config/settings.ts'
import { verbNames, verbSpec } from '../../../src/config/verbs.ts'

for (const topic of [undefined, ...verbNames])
  test(`help of ${topic ?? 'slipway'} fits 100 columns and ends with one newline`, () => {
    const text = renderHelp(topic)
    for (const line of text.split('\n')) {
      assert.ok(line.length <= 100, line)
      assert.equal(line, line.trimEnd())
    }
    assert.match(text, /[^\n]\n$/)
  })

test('overall help names every verb, and every setting with its variables and default', () => {
  const text = renderHelp(undefined).replaceAll(/\s+/g, ' ')
  for (const verb of verbNames) assert.ok(text.includes(` ${verb} ${verbSpec(verb).summary}`), verb)
  for (const setting of settingNames.map(settingOf)) {
    const fallback = shownDefault(setting)
    const origin = `${variablesOf(setting).join(', then ')}; ${fallback === undefined ? 'no default' : `default ${fallback}`}`
    assert.ok(text.includes(`--${setting.flag} `), setting.flag)
    assert.ok(text.includes(origin), origin)
  }
})

for (const verb of verbNames)
  test(`help of ${verb} has its own flags and exactly the settings that apply`, () => {
    const text = renderHelp(verb)
    assert.ok(text.includes(`Usage: ${usageOf(verb)}`))
    for (const { flag } of verbSpec(verb).flags) assert.match(text, new RegExp(`^  --${flag}\\b`, 'm'))
    for (const setting of settingNames.map(settingOf))
      assert.equal(
        text
          .split('\n')
          .some((line) => line.startsWith(`  --${setting.flag} `) || line === `  --${setting.flag}`),
        verb === 'config' ||
          setting.verbs.includes(verb) ||
          verbSpec(verb).flags.some(({ flag }) => flag === setting.flag),
        setting.flag,
      )
  })
