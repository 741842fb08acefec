/** The command line finds its way to a server, and in, by what psql would find it with. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { createTestDatabase, newestMajor, startPostgres, type TestDatabase } from '../../helpers/postgres.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../../helpers/workspace.ts'
import { errorOf, eventsOf } from './scene.ts'

let db: TestDatabase
let workspace: Workspace
let base: Record<string, string>

before(async () => {
  db = await createTestDatabase(newestMajor)
  workspace = createWorkspace()
  base = {
    HOME: workspace.dir,
    SLIPWAY_DIR: writeMigrations(workspace, { '0001_a.sql': 'create table a (n integer);' }),
    SLIPWAY_LOG_FORMAT: 'json',
  }
})
after(async () => {
  workspace[Symbol.dispose]()
  await db[Symbol.asyncDispose]()
})

const { host, superuser } = { host: '127.0.0.1', superuser: 'postgres' }
const escaped = () => db.server.password.replaceAll('\\', '\\\\').replaceAll(':', '\\:')
const bare = () => `postgres://${superuser}@${host}:${db.server.port}/${db.name}`

function write(file: string, text: string, mode = 0o600): void {
  workspace.write({ [file]: text })
  chmodSync(workspace.path(file), mode)
}

/** The database it was asked of. */
async function status(env: Record<string, string>): Promise<string> {
  const result = await slipway(['status', '--json'], { cwd: workspace.dir, env: { ...base, ...env } })
  assert.equal(result.code, 0, result.stderr)
  return JSON.parse(result.stdout).database
}

test('up by the variables of libpq alone', async () => {
  const env = {
    ...base,
    PGHOST: host,
    PGPORT: String(db.server.port),
    PGUSER: superuser,
    PGPASSWORD: db.server.password,
    PGDATABASE: db.name,
  }
  const result = await slipway(['up'], { cwd: workspace.dir, env })
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(await db.query('select name from schema_migrations'), [{ name: '0001_a' }])
})

test('a URL without a password, and the password file', async () => {
  write('.pgpass', `# of the test\n${host}:*:${db.name}:*:${escaped()}\n`)
  assert.equal(await status({ SLIPWAY_DATABASE_URL: bare() }), bare())
  const flagged = await slipway(['status', '--database-url', bare()], { cwd: workspace.dir, env: base })
  assert.equal(flagged.code, 0, flagged.stderr)
  write('.pgpass', `*:*:*:*:${escaped()}\n`, 0o644)
  const env = { ...base, SLIPWAY_DATABASE_URL: bare(), SLIPWAY_WAIT_TIMEOUT: '1s' }
  const refused = await slipway(['status'], { cwd: workspace.dir, env })
  assert.deepEqual([refused.code, errorOf(refused).code], [77, 'auth-failed'])
  assert.match(String(eventsOf(refused, 'warning')[0]?.msg), /\.pgpass, which others can read \(mode 0644/)
  write('.pgpass', '')
})

test('a service, a mounted password, a dotenv file', async () => {
  const service = `[shop]\nhost=${host}\nport=${db.server.port}\nuser=${superuser}\ndbname=${db.name}\n`
  write('.pg_service.conf', `${service}password=${db.server.password}\n`)
  assert.equal(await status({ PGSERVICE: 'shop' }), bare())
  assert.equal(await status({ SLIPWAY_DATABASE_URL: 'postgres://?service=shop' }), bare())
  write('.pg_service.conf', service)
  write('secret', `${db.server.password}\n`)
  assert.equal(await status({ PGSERVICE: 'shop', PGPASSWORD_FILE: 'secret' }), bare())
  workspace.write({ '.env': 'PGSERVICE=shop\nPGPASSWORD_FILE=secret\n' })
  assert.equal(await status({}), bare())
  workspace.write({ '.env': undefined })
})

test('without a host, through the Unix socket of a server on this machine', async () => {
  await using server = await startPostgres({
    major: newestMajor,
    settings: { unix_socket_directories: '/tmp' },
  })
  const env = {
    PGDATABASE: 'postgres',
    PGUSER: superuser,
    PGPORT: String(server.port),
    // libpq has no TLS through a socket.
    PGSSLMODE: 'require',
  }
  const place = `postgres://postgres@/postgres?host=/tmp&port=${server.port}`
  assert.equal(await status({ ...env, PGPASSWORD: server.password }), place)
  assert.equal(await status({ SLIPWAY_DATABASE_URL: place, PGPASSWORD: server.password }), place)
  write('.pgpass', `localhost:${server.port}:*:*:${escaped()}\n`)
  assert.equal(await status(env), place)
  write('.pgpass', '')
})

test('where it comes from is shown', async () => {
  const env = { ...base, PGHOST: host, PGDATABASE: 'shop', PGUSER: superuser }
  const result = await slipway(['config', '--json'], { cwd: workspace.dir, env })
  assert.equal(result.code, 0, result.stderr)
  assert.match(result.stdout, /postgres:\/\/postgres@127\.0\.0\.1:5432\/shop/)
  assert.match(result.stdout, /PGHOST/)
})

test('parameters that slipway cannot honour are named once', async () => {
  const text = `${db.url()}?sslmode=prefer&channel_binding=require&connection_limit=1`
  const result = await slipway(['status'], { env: { ...base, SLIPWAY_DATABASE_URL: text } })
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(
    eventsOf(result, 'warning').map(({ msg }) => msg),
    [
      'SLIPWAY_DATABASE_URL: parameters without effect here: connection_limit',
      'SLIPWAY_DATABASE_URL: channel_binding=require has no effect: slipway logs in without; sslmode=verify-full makes sure of the server instead',
    ],
  )
})

test('options stay what the session begins with', async () => {
  using own = createWorkspace()
  await using other = await createTestDatabase(newestMajor)
  await other.query('create role owner; grant create on schema public to owner')
  const dir = writeMigrations(own, {
    '0001_a.sql': 'set work_mem = 64; create table a as select current_user as who;',
    '0002_b.sql': "create table b as select current_setting('work_mem') as memory;",
  })
  const env = {
    ...base,
    SLIPWAY_DATABASE_URL: other.url(),
    SLIPWAY_DIR: dir,
    PGOPTIONS: '-c role=owner -c work_mem=7MB',
  }
  const result = await slipway(['up'], { env })
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(await other.query('select who::text, memory from a, b'), [{ who: 'owner', memory: '7MB' }])
  await other.query('drop owned by owner; drop role owner')
})
