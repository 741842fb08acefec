/** adopt, on databases that the tools themselves have migrated. What is not installed is skipped, and said loudly. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, globSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { peersFolder } from '../../bench/peers/folders.ts'
import type { Address } from '../../bench/tools/tool.ts'
import { foreignTools } from '../../src/plan/adopt/names.ts'
import { onPostgres, onSqlite, type Place } from '../helpers/adoption-place.ts'
import { createTestDatabase, postgresMajors, sharedPostgres, uniqueName } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'
import { type Peer, peers, runPeer } from './peers.ts'

const modules = join(peersFolder, 'node_modules')
/** `required`, as .ci/run sets it: a tool that is missing is a failure. Without it the tool is skipped, and named. */
const isRequired = process.env.TEST_PEERS === 'required'
const absent: string[] = []
after(() => {
  if (absent.length > 0) console.error(`NOT TESTED, the tool is not there: ${absent.join('; ')}`)
})

test('every tool that is taken over from is here, but for those whose history is made by hand', () => {
  const byHand = ['prisma', 'drizzle']
  assert.deepEqual([...peers.map(({ from }) => from), ...byHand].sort(), [...foreignTools].sort())
})

describe('peers', { concurrency: 3 }, () => {
  for (const peer of peers) {
    const found = peer.tool.find()
    const missing = 'missing' in found ? `${peer.tool.name} is ${found.missing}` : undefined
    if (missing !== undefined) absent.push(missing)
    const name = `${peer.tool.name} ${'version' in found ? found.version : ''}`
    describe(name, { skip: isRequired ? false : (missing ?? false), concurrency: 2 }, () => {
      if (missing !== undefined) return void test('is installed', () => assert.fail(missing))
      for (const major of postgresMajors) test(`PostgreSQL ${major}`, () => onServer(peer, major))
      if (peer.sqlite !== undefined) test('SQLite', () => onFile(peer))
    })
  }
})

async function onServer(peer: Peer, major: number): Promise<void> {
  const server = await sharedPostgres(major)
  // A password in their URLs: the one of this run must not show.
  const user = uniqueName('peer')
  await server.query('postgres', `create role ${user} superuser login password 'plain'`)
  try {
    const db = await createTestDatabase(major)
    const { host, port } = server.coordinates
    const address: Address = { host, port, user, password: 'plain', database: db.name }
    const workspace = prepare(peer)
    await using place = onPostgres(workspace, db)
    await takeOver(peer, place, () => runPeer(peer.tool.up({ folder: workspace.dir, address })))
    await place.change(`reassign owned by ${user} to ${server.superuser}; drop owned by ${user}`)
  } finally {
    await server.query('postgres', `drop role ${user}`)
  }
}

async function onFile(peer: Peer): Promise<void> {
  const workspace = prepare(peer)
  const file = workspace.path('app.db')
  await using place = onSqlite(workspace, file)
  const nowhere: Address = { host: '', port: 0, user: '', password: '', database: '' }
  await takeOver(peer, place, () =>
    runPeer(peer.tool.up({ folder: workspace.dir, address: nowhere }), peer.sqlite?.(file)),
  )
}

function prepare({ tool, files }: Peer): Workspace {
  const workspace = createWorkspace(files)
  tool.write(workspace.dir, [])
  // Knex looks for itself from where it is started.
  if (existsSync(modules)) symlinkSync(modules, workspace.path('node_modules'))
  return workspace
}

async function takeOver(peer: Peer, place: Place, up: () => ReturnType<typeof runPeer>): Promise<void> {
  const first = await up()
  assert.equal(first.status, 0, first.output)
  const { workspace } = place
  for (const [to, from] of Object.entries(peer.copies ?? {})) {
    mkdirSync(dirname(workspace.path(to)), { recursive: true })
    copyFileSync(workspace.path(from), workspace.path(to))
  }
  const env = { SLIPWAY_DIR: workspace.path(peer.dir) }
  const files = globSync(`${peer.dir}/**/*.*`, { cwd: workspace.dir }).filter(
    (file) => !file.includes('.down.'),
  )
  const convert = peer.convert ? ' --convert' : ''
  const began = Date.now()

  const planned = await place.expect(0, `adopt${convert} --dry-run`, env)
  for (const file of files)
    assert.ok(planned.stdout.includes(file), `${file} is not shown:\n${planned.stdout}`)
  const tables = await place.tables()
  await place.expect(0, `adopt --from ${peer.from}${convert} --yes`, env)

  const history = await place.rows('select name, applied_at from schema_migrations order by id')
  assert.deepEqual(history.map(({ name }) => name).sort(), peer.names)
  for (const { name, applied_at } of history) {
    const at = new Date(applied_at as string | Date).getTime()
    if (peer.knowsWhen) assert.ok(at < began && at > began - 300_000, `${name} at ${applied_at}`)
  }
  await place.expect(0, 'verify', env)
  const again = await place.expect(0, 'up', env)
  assert.doesNotMatch(again.stderr, /^! /m, 'a warning')
  assert.match((await place.expect(0, 'adopt', env)).stdout, /^nothing to do/m)
  assert.equal((await place.rows('select 1 from schema_migrations')).length, peer.names.length)
  const left = (await place.tables()).filter((table) => !/^schema_migrations(_log)?$/.test(table))
  const kept = tables.map((table) =>
    table === 'schema_migrations' ? `${table}_${peer.from.replace('-', '_')}` : table,
  )
  assert.deepEqual(left, kept.sort())
  if (peer.goesBack) await goBackAndForth(place, env)
  if (peer.isMoved) {
    const late = await up()
    assert.notEqual(late.status, 0, `it still works:\n${late.output}`)
    assert.equal((await place.rows('select 1 from schema_migrations')).length, peer.names.length)
  }
}

/** Its ways back are slipway's now. */
async function goBackAndForth(place: Place, env: Readonly<Record<string, string>>): Promise<void> {
  const tables = await place.tables()
  const names = async () =>
    (await place.rows('select name from schema_migrations order by id')).map(({ name }) => name)
  const before = await names()
  await place.expect(0, 'down --to base --allow-data-loss', env)
  assert.deepEqual(await names(), [])
  await place.expect(0, 'up', env)
  assert.deepEqual(await names(), before)
  assert.deepEqual(await place.tables(), tables)
}
