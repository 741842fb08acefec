/** What a connection pooler in the path refuses, or lacks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/errors.ts'
import { slipway } from '../helpers/cli.ts'
import { type PgbouncerOptions, startPgbouncer, withoutPgbouncer } from '../helpers/pgbouncer.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

interface Case {
  readonly pooler: PgbouncerOptions
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Changes the URL of the pooler. */
  readonly url?: (url: URL) => void
  readonly code: ErrorCode
  readonly exit: number
  readonly message: RegExp
  readonly hint: RegExp
}

const good = { '0001_a.sql': 'create table a (id integer);' }

const cases: Readonly<Record<string, Case>> = {
  'a migration that needs a session, in transaction mode': {
    pooler: { mode: 'transaction' },
    files: { ...good, '0002_b.sql': '-- migrate:up transaction:false\ncreate index concurrently on a (id);' },
    code: 'pooler-in-the-way',
    exit: 78,
    message:
      /0002_b needs a whole session, and the pooler at postgres:.* gives a server connection to a transaction only/,
    hint: /point SLIPWAY_DATABASE_URL at the server itself/,
  },
  'session mode claimed where it is not': {
    pooler: { mode: 'transaction' },
    env: { SLIPWAY_POOLER: 'session' },
    code: 'pooler-in-the-way',
    exit: 78,
    message: /SLIPWAY_POOLER is session, but the pooler at postgres:/,
    hint: /or unset SLIPWAY_POOLER/,
  },
  'statement mode': {
    pooler: { mode: 'statement' },
    code: 'pooler-refused',
    exit: 78,
    message: /transaction blocks not allowed in statement pooling mode/,
    hint: /point SLIPWAY_DATABASE_URL at the server itself/,
  },
  'a wrong password': {
    pooler: { mode: 'transaction' },
    env: { SLIPWAY_WAIT_TIMEOUT: '3s' },
    url: (url) => {
      url.password = 'wrong'
    },
    code: 'auth-failed',
    exit: 77,
    message: /SASL authentication failed/,
    hint: /check the user and the password/,
  },
  'a database that is not there': {
    // Else it says so once, and lets those who ask again wait.
    pooler: { mode: 'transaction', settings: { server_login_retry: 0 } },
    env: { SLIPWAY_WAIT_TIMEOUT: '3s' },
    url: (url) => {
      url.pathname = '/nowhere'
    },
    code: 'database-missing',
    exit: 78,
    message: /database "nowhere" does not exist/,
    hint: /createdb/,
  },
  'a pooler without a server': {
    pooler: { mode: 'transaction', settings: { query_wait_timeout: 1 }, to: 'nobody' },
    env: { SLIPWAY_WAIT_TIMEOUT: '300ms' },
    code: 'unreachable',
    exit: 69,
    message: /could not be reached in/,
    hint: /check that the server is up/,
  },
}

for (const [what, { pooler: options, files = good, env = {}, url: change, ...wanted }] of Object.entries(
  cases,
))
  test(what, { skip: withoutPgbouncer }, async () => {
    await using db = await createTestDatabase(newestMajor)
    await using pooler = await startPgbouncer(db.server, options)
    using workspace = createWorkspace(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
    )
    const url = new URL(pooler.through(db.url()))
    change?.(url)
    const result = await slipway(['up'], {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: url.href, ...env },
    })
    const { error } = JSON.parse(result.stderr.trimEnd().split('\n').at(-1) ?? '{}')
    assert.deepEqual([error?.code, result.code], [wanted.code, wanted.exit], result.stderr)
    assert.match(error.message, wanted.message)
    assert.match(error.hint, wanted.hint)
    assert.deepEqual(await db.query("select to_regclass('a') as a"), [{ a: null }])
  })
