/** What a hook that asks for the database is given leads to the same database, read by slipway or by libpq. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDatabaseUrl } from '../../../src/config/parse-url.ts'
import { databaseEnvironment, writeUrl } from '../../../src/engine/hooks/database-environment.ts'

const parse = (text: string) =>
  parseDatabaseUrl(text, { name: 'it', cwd: '/work', osUser: () => 'sailor' }).url

for (const text of [
  'sqlite:///var/lib/app.db',
  'postgres://u:p%40ss%2Fw%3A%23@db:5433/shop',
  'postgres://u@db/shop%20one?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem',
  'postgres://u:p@a:1,b:2/shop?target_session_attrs=read-write',
  'postgres://u:p@/shop?host=/var/run/postgresql',
  'postgres://u:p@db/shop?options=-c%20search_path%3Dapp&hostaddr=10.0.0.1',
  'postgres://u:p@[::1]:5432/shop',
])
  test(`the same again: ${text}`, () => {
    const url = parse(text)
    assert.deepEqual(parse(writeUrl(url)), url)
  })

test('what would lead libpq elsewhere is taken out, the rest stays', () => {
  const env = { PGSERVICE: 'other', PGPASSFILE: '/x', PGHOST: 'old', PATH: '/bin', PGAPPNAME: 'me' }
  assert.deepEqual(databaseEnvironment(env, parse('postgres://u:p%40@db/shop')), {
    PATH: '/bin',
    PGAPPNAME: 'me',
    PGHOST: 'db',
    PGPORT: '5432',
    PGUSER: 'u',
    PGPASSWORD: 'p@',
    PGDATABASE: 'shop',
    PGSSLMODE: 'prefer',
    SLIPWAY_DATABASE_URL: 'postgres://u:p%40@/shop?host=db&port=5432&sslmode=prefer',
  })
})
