import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig, requireDatabase } from '../../../src/config/load.ts'
import type { Environment } from '../../../src/config/sources.ts'
import { createGrowingRedactor } from '../../../src/redact.ts'

const password = 'p@ss:w/rd?#%&+=<>"\'\\ '
const encoded = encodeURIComponent(password)
const url = `postgres://app:${encoded}@db:5432/shop?sslmode=disable`
/** What encodeURIComponent leaves alone, encoded too. */
const fullyEncoded = encoded.replaceAll("'", '%27')

/** Where a URL with the password stands, and whether it is the one that is used. */
const places: readonly (readonly [string, Environment, Readonly<Record<string, string>>, boolean])[] = [
  ['the environment', { SLIPWAY_DATABASE_URL: url }, {}, true],
  ['the shared variable', { DATABASE_URL: url }, {}, true],
  ['a secret file', { DATABASE_URL_FILE: 'secret' }, { secret: `${url}\n` }, true],
  ['a dotenv file', {}, { '.env': `DATABASE_URL=${url}` }, true],
  ['a variable that lost', { SLIPWAY_DATABASE_URL: 'sqlite:a.db', DATABASE_URL: url }, {}, false],
  ['a dotenv file that lost', { DATABASE_URL: 'sqlite:a.db' }, { '.env': `DATABASE_URL=${url}` }, false],
  ['a URL of another database', { DATABASE_URL: url.replace('postgres', 'mysql') }, {}, false],
  ['PGPASSWORD', { PGPASSWORD: password }, {}, false],
]

for (const [place, env, files, used] of places)
  test(`a password in ${place} is redacted in every spelling`, (t) => {
    const cwd = mkdtempSync(join(tmpdir(), 'slipway-config-'))
    t.after(() => rmSync(cwd, { recursive: true }))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
    const config = loadConfig({ flags: {}, env, cwd, stderrIsTTY: false })
    if (used) {
      const database = requireDatabase(config)
      assert.equal(database.dialect === 'postgres' ? database.hosts[0].password : undefined, password)
      assert.equal(config.redact(database.shown), 'postgres://app@db:5432/shop')
    }
    for (const text of [password, encoded, fullyEncoded, JSON.stringify(password).slice(1, -1)])
      assert.equal(config.redact(`before ${text} after`), 'before *** after')
    if (place !== 'PGPASSWORD') assert.doesNotMatch(config.redact(`tried ${url}`), /p%40ss|p@ss/)
  })

test('a password that is not encoded is redacted even though the URL is refused', () => {
  const text = `postgres://app:${password}@db/shop`
  const config = loadConfig({ flags: {}, env: { DATABASE_URL: text }, cwd: tmpdir(), stderrIsTTY: false })
  assert.throws(() => requireDatabase(config), { code: 'bad-url' })
  assert.equal(config.redact(`${password}, ${text}`), '***, ***')
})

test('a password cut off by a # is redacted', () => {
  const env = { DATABASE_URL: 'postgres://app:hunter2' }
  const config = loadConfig({ flags: {}, env, cwd: tmpdir(), stderrIsTTY: false })
  assert.throws(() => requireDatabase(config), { code: 'bad-url' })
  assert.equal(config.redact('hunter2'), '***')
})

test('a password for each of thousands of tenants, learnt on the way', () => {
  const { redact, learn } = createGrowingRedactor(['first-secret'])
  assert.equal(redact('first-secret second-secret'), '*** second-secret')
  const many = Array.from({ length: 2000 }, (_, index) => `pw/${index}!${index * 7919}`)
  learn(['second-secret', ...many])
  assert.equal(redact('first-secret second-secret'), '*** ***')
  assert.equal(redact(`a ${many[1999]} b ${encodeURIComponent(many[0] ?? '')} c`), 'a *** b *** c')
  const line = 'tenant_17: 20260101000000_create_users applied in 12 ms, nothing here is secret'
  assert.equal(redact(line), line)
})

test('a password that is known already costs nothing, and new ones are made ready once', (t) => {
  const { redact, learn } = createGrowingRedactor([])
  const { sort } = Array.prototype
  const counted = t.mock.fn(sort)
  Array.prototype.sort = counted
  t.after(() => {
    Array.prototype.sort = sort
  })
  const many = Array.from({ length: 50 }, (_, index) => `pw/${index}!${index * 7919}`)
  for (const secret of many) learn([secret])
  assert.equal(redact(`a ${many[49]}`), 'a ***')
  for (const secret of many) {
    learn([secret])
    assert.equal(redact(`a ${secret}`), 'a ***')
  }
  assert.equal(counted.mock.callCount(), 1)
})
