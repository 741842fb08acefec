/**
 * The password of the run, which is full of characters that mean something somewhere, shows nowhere. The helper that
 * starts slipway searches both streams and the process title for it; here slipway is given reasons to show it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { recordOutput } from '../helpers/leak-log.ts'
import { testPassword } from '../helpers/password.ts'
import { freePort } from '../helpers/ports.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const good = { 'migrations/0001_a.sql': 'create table a (id integer);' }
const password = testPassword()
const encoded = encodeURIComponent(password)

interface Row {
  readonly name: string
  readonly args?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly env: (db: TestDatabase) => Readonly<Record<string, string>>
  readonly exit: number
}

const url = (db: TestDatabase) => ({ SLIPWAY_DATABASE_URL: db.url() })
const throwing = (what: string) => ({
  'migrations/0001_a.ts': `export const up = async ({ sql, log, env }) => {\n  const url = env.SLIPWAY_DATABASE_URL\n  ${what}\n}\n`,
})
const closedPort = await freePort()

const rows: readonly Row[] = [
  { name: 'a run that applies', env: url, files: good, exit: 0 },
  { name: 'DATABASE_URL', env: (db) => ({ DATABASE_URL: db.url() }), files: good, exit: 0 },
  { name: 'a plan', args: ['up', '--dry-run'], env: url, files: good, exit: 0 },
  { name: 'status as JSON', args: ['status', '--json'], env: url, files: good, exit: 0 },
  { name: 'history as JSON', args: ['history', '--json', '--all'], env: url, files: good, exit: 0 },
  { name: 'verify', args: ['verify'], env: url, files: good, exit: 0 },
  {
    name: 'a wrong password that is almost the right one',
    env: (db) => ({
      SLIPWAY_DATABASE_URL: db.url({ user: 'postgres', password: `${password}x` }),
      SLIPWAY_WAIT_TIMEOUT: '4s',
    }),
    files: good,
    exit: 77,
  },
  {
    name: 'nothing listens',
    env: () => ({
      SLIPWAY_DATABASE_URL: `postgres://u:${encoded}@127.0.0.1:${closedPort}/d`,
      SLIPWAY_WAIT_TIMEOUT: '300ms',
    }),
    files: good,
    exit: 69,
  },
  ...[
    ['the password not encoded', `postgres://u:${password}@127.0.0.1/d`],
    ['no scheme', `u:${encoded}@127.0.0.1/d`],
    ['an unknown scheme', `mysql://u:${encoded}@127.0.0.1/d`],
    ['the password in the place of the port', `postgres://u@127.0.0.1:${encoded}/d`],
    ['the password as a parameter', `postgres://127.0.0.1/d?password=${encoded}&sslmode=wrong`],
    ['the password as the name of a parameter', `postgres://127.0.0.1:1/d?${encoded}=1&sslmode=wrong`],
    ['the password as the scheme', `${password}://u@127.0.0.1/d`],
    ['nothing but the password', password],
    ['the password as a SQLite path with a fragment', `sqlite:///tmp/${encoded}#x`],
  ].map(([name = '', text = '']) => ({
    name: `a malformed URL: ${name}`,
    env: () => ({ SLIPWAY_DATABASE_URL: text }),
    files: good,
    exit: 78,
  })),
  {
    name: 'a malformed URL in .env',
    files: { ...good, '.env': `DATABASE_URL=postgres://u:${encoded}@127.0.0.1:x/d\n` },
    env: () => ({}),
    exit: 78,
  },
  {
    name: 'a malformed URL in a secret file',
    files: { ...good, secret: `postgers://u:${encoded}@127.0.0.1/d\n` },
    env: () => ({ DATABASE_URL_FILE: 'secret' }),
    exit: 78,
  },
  {
    name: 'the secret itself in the place of the path of its file',
    files: good,
    env: (db) => ({ DATABASE_URL_FILE: db.url() }),
    exit: 78,
  },
  {
    name: 'a bad setting beside a URL',
    files: good,
    env: (db) => ({ ...url(db), SLIPWAY_LOCK_TIMEOUT: 'never' }),
    exit: 78,
  },
  {
    name: 'a URL in the place of another setting',
    files: good,
    env: (db) => ({ ...url(db), SLIPWAY_OUT_OF_ORDER: db.url() }),
    exit: 78,
  },
  {
    name: 'an error with the URL',
    env: url,
    files: throwing('throw new Error(`cannot reach ${url}`)'),
    exit: 70,
  },
  { name: 'the URL thrown as a string', env: url, files: throwing('throw url'), exit: 70 },
  {
    name: 'the URL spelt with small hex digits, encoded once more, and its password as base64',
    env: url,
    files: throwing(
      'log(url.replace(/%../g, (byte) => byte.toLowerCase())); log(encodeURIComponent(url)); log(Buffer.from(decodeURIComponent(new URL(url).password)).toString("base64"))',
    ),
    exit: 0,
  },
  {
    name: 'an error whose name, cause and fields hold the URL',
    env: url,
    files: throwing(
      'throw Object.assign(new Error("x", { cause: new Error(url) }), { name: url, url, nested: { url } })',
    ),
    exit: 70,
  },
  {
    name: 'the URL logged, and its parts',
    env: url,
    files: throwing(
      'log(`at ${url}`, { url, parsed: new URL(url), list: [url], map: new Map([[url, url]]) })',
    ),
    exit: 0,
  },
  {
    name: 'the password in a failing query',
    env: url,
    files: throwing(
      "await sql.raw(`select '${decodeURIComponent(new URL(url).password).replaceAll(\"'\", \"''\")}' from nowhere`)",
    ),
    exit: 70,
  },
  {
    name: 'the password in what the server says',
    env: url,
    files: throwing('await sql`select ${decodeURIComponent(new URL(url).password)}::text::integer`'),
    exit: 70,
  },
  {
    name: 'the password in a notice of the server',
    env: url,
    files: throwing(
      "await sql.raw(`do $$ begin raise notice '%', '${url.replaceAll(\"'\", \"''\")}'; end $$`)",
    ),
    exit: 0,
  },
  { name: 'the URL in a warning of Node', env: url, files: throwing('process.emitWarning(url)'), exit: 0 },
  {
    name: 'the URL in an error that nobody awaits',
    env: url,
    files: throwing('Promise.reject(new Error(url)); await sql`select pg_sleep(5)`'),
    exit: 70,
  },
  {
    name: 'an import that fails with the URL',
    env: url,
    files: { 'migrations/0001_a.ts': 'throw new Error(process.env.SLIPWAY_DATABASE_URL)' },
    exit: 66,
  },
]

for (const { name, args = ['up'], files = good, env, exit } of rows)
  for (const format of ['json', 'pretty'])
    test(`${name} (${format})`, async () => {
      await using db = await createTestDatabase(newestMajor)
      // The server's log is searched too, and what a migration sends is its author's affair.
      await db.query(`alter database "${db.name}" set log_min_messages = panic`)
      await db.query(`alter database "${db.name}" set log_min_error_statement = panic`)
      using workspace = createWorkspace(files)
      const result = await slipway(args, {
        cwd: workspace.dir,
        env: { ...env(db), SLIPWAY_LOG_FORMAT: format, LOG_LEVEL: 'debug' },
      })
      assert.equal(result.code, exit, result.stderr.replaceAll(password, '***'))
      const stored = await db.query("select to_regclass('schema_migrations_log') as name")
      if (stored[0]?.name === null) return
      recordOutput('the log table', JSON.stringify(await db.query('select error from schema_migrations_log')))
    })
