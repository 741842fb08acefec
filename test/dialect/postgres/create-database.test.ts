/** SLIPWAY_CREATE_DATABASE: a database of any name, by any number of runners, as the role that shall own it. */
import assert from 'node:assert/strict'
import { slipway } from '../../helpers/cli.ts'
import { testPassword } from '../../helpers/password.ts'
import {
  newestMajor,
  type PostgresServer,
  sharedPostgres,
  startPostgres,
  uniqueName,
} from '../../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'
import { errorOf, eventsOf, testEach } from './scene.ts'

const id = (name: string) => `"${name.replaceAll('"', '""')}"`

interface Missing {
  readonly server: PostgresServer
  readonly name: string
  up(env?: Readonly<Record<string, string>>, args?: readonly string[]): ReturnType<typeof slipway>
  query<Row = Record<string, unknown>>(text: string): Promise<Row[]>
}

const flag = { SLIPWAY_CREATE_DATABASE: 'true' }

/** A name that no database has, and runs that look for it. */
async function withMissing(server: PostgresServer, work: (missing: Missing) => Promise<void>): Promise<void> {
  const name = `${uniqueName('new')} "of"; drop 'it' %41/é`
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, { '0001_a.sql': 'create table a (n int);' })
  try {
    await work({
      server,
      name,
      up: (env = flag, args = ['up']) =>
        slipway(args, {
          env: {
            SLIPWAY_DATABASE_URL: server.url(name),
            SLIPWAY_DIR: dir,
            SLIPWAY_WAIT_TIMEOUT: '3s',
            ...env,
          },
        }),
      query: (text) => server.query(name, text),
    })
  } finally {
    await server.query('template1', `drop database if exists ${id(name)} with (force)`)
  }
}

async function withLogin(
  server: PostgresServer,
  attributes: string,
  work: (login: { readonly user: string; readonly password: string }) => Promise<void>,
): Promise<void> {
  const login = { user: `${uniqueName('log "in"')}`, password: testPassword() }
  await server.query(
    'postgres',
    `create role ${id(login.user)} login ${attributes} password '${login.password.replaceAll("'", "''")}'`,
  )
  try {
    await work(login)
  } finally {
    await server.query('postgres', `drop role ${id(login.user)}`)
  }
}

testEach('a database of any name', async (major) => {
  await withMissing(await sharedPostgres(major), async ({ up, query }) => {
    const first = await up({}, ['up', '--create-database'])
    assert.equal(first.code, 0, first.stderr)
    const [notice] = eventsOf(first, 'notice')
    assert.equal(notice?.code, 'database-created')
    assert.equal((await query('select from a')).length, 0)
    const second = await up()
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual(eventsOf(second, 'notice'), [])
  })
})

testEach('without the setting it is named in the hint, and verbs that read make none', async (major) => {
  await withMissing(await sharedPostgres(major), async ({ server, name, up }) => {
    const error = errorOf(await up({}))
    assert.equal(error.code, 'database-missing')
    assert.match(error.hint ?? '', /^createdb .*; or have it made: slipway up --create-database$/)
    for (const args of [
      ['status'],
      ['up', '--dry-run'],
      ['wait', '--for', 'database', '--timeout', '300ms'],
    ]) {
      const result = await up(flag, args)
      assert.equal(result.code, 78, `${args}: ${result.stderr}`)
    }
    assert.deepEqual(await server.query('postgres', 'select from pg_database where datname = $1', [name]), [])
  })
})

testEach('many at once: one makes it, all end well', async (major) => {
  await withMissing(await sharedPostgres(major), async ({ up, query }) => {
    const results = await Promise.all(
      Array.from({ length: major === newestMajor ? 30 : 8 }, () =>
        up({ ...flag, SLIPWAY_WAIT_TIMEOUT: '60s' }),
      ),
    )
    for (const { code, stderr } of results) {
      assert.equal(code, 0, stderr)
      assert.doesNotMatch(stderr, /already exists|duplicate key/)
    }
    const made = results.flatMap((result) => eventsOf(result, 'notice'))
    assert.equal(made.length, 1)
    assert.equal((await query('select from schema_migrations')).length, 1)
  })
})

testEach('a login that may not: 77 with what mends it', async (major) => {
  const server = await sharedPostgres(major)
  await withLogin(server, '', (login) =>
    withMissing(server, async ({ name, up }) => {
      const env = { ...flag, SLIPWAY_DATABASE_URL: server.url(name, login) }
      const result = await up(env)
      assert.equal(result.code, 77, result.stderr)
      const error = errorOf(result)
      assert.deepEqual([error.code, error.sqlstate], ['privilege-missing', '42501'])
      assert.ok(error.message.includes(`${login.user} may not create the database ${name}`), error.message)
      await server.query('postgres', error.hint ?? '')
      assert.equal((await up(env)).code, 0)
      await server.query('postgres', `drop database ${id(name)}`)
    }),
  )
})

testEach('it belongs to SLIPWAY_ROLE, whoever of the two may make it', async (major) => {
  const server = await sharedPostgres(major)
  for (const [attributes, roleAttributes] of [
    ['createdb noinherit', 'nologin'],
    ['noinherit', 'nologin createdb'],
  ] as const)
    await withLogin(server, attributes, async (login) => {
      const role = uniqueName('own "er"')
      await server.query(
        'postgres',
        `create role ${id(role)} ${roleAttributes}; grant ${id(role)} to ${id(login.user)}`,
      )
      try {
        await withMissing(server, async ({ name, up, query }) => {
          const env = { ...flag, SLIPWAY_DATABASE_URL: server.url(name, login), SLIPWAY_ROLE: role }
          const result = await up(env)
          assert.equal(result.code, 0, result.stderr)
          const [owner] = await query(
            "select pg_get_userbyid(datdba) as db, (select pg_get_userbyid(relowner) from pg_class where relname = 'a') as a from pg_database where datname = current_database()",
          )
          assert.deepEqual(owner, { db: role, a: role })
          await server.query('postgres', `drop database ${id(name)}`)
        })
      } finally {
        await server.query('postgres', `drop role ${id(role)}`)
      }
    })
})

testEach('roles that do not exist are told before it is made', async (major) => {
  await withMissing(await sharedPostgres(major), async ({ server, name, up }) => {
    for (const env of [{ SLIPWAY_ROLE: 'no one' }, { SLIPWAY_GRANT_SELECT_TO: 'no one' }]) {
      const result = await up({ ...flag, ...env })
      assert.equal(result.code, 78, result.stderr)
      assert.equal(errorOf(result).code, 'role-missing')
    }
    assert.deepEqual(await server.query('postgres', 'select from pg_database where datname = $1', [name]), [])
  })
})

testEach('a name that PostgreSQL would cut', async (major) => {
  const server = await sharedPostgres(major)
  await withMissing(server, async ({ up }) => {
    const result = await up({ ...flag, SLIPWAY_DATABASE_URL: server.url('é'.repeat(32)) })
    assert.equal(result.code, 78, result.stderr)
    assert.match(errorOf(result).message, /has 64 bytes, of which PostgreSQL would keep 63/)
  })
})

testEach('a server without the database postgres: through template1, also at once', async (major) => {
  await using server = await startPostgres({ major })
  await server.query('template1', 'drop database postgres')
  await withMissing(server, async ({ up, query }) => {
    const results = await Promise.all(
      Array.from({ length: 5 }, () => up({ ...flag, SLIPWAY_WAIT_TIMEOUT: '60s' })),
    )
    for (const { code, stderr } of results) assert.equal(code, 0, stderr)
    assert.equal((await query('select from schema_migrations')).length, 1)
  })
})
