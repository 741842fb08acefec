/** However a migration ends, nothing of an operation that was under way is sent after the rollback. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createMigrator } from '../../../../src/index.ts'
import { createScene, errorOf, type Scene, testEach } from '../../../dialect/postgres/scene.ts'
import { type PostgresProxy, startProxy } from '../../../helpers/proxy.ts'

const first = { '0001_users.sql': 'create table users (id integer);' }
const change = "op.addColumn('users', 'age', { type: 'integer', unique: true })"

function migration(body: string, options: string): string {
  return `export const options = ${options}\nexport const up = async ({ op, sql }) => {\n${body}\n}\n`
}

async function columns(scene: Scene): Promise<unknown[]> {
  const rows = await scene.db.query(
    "select attname from pg_attribute where attrelid = 'users'::regclass and attnum > 0 order by attnum",
  )
  return rows.map(({ attname }) => attname)
}

/** `up` in this process, stopped while the nth answer is still on the wire. True: it was done before. */
async function upStopped(scene: Scene, proxy: PostgresProxy, pooler: Pooler, nth: number): Promise<boolean> {
  const stop = new AbortController()
  let sent = 0
  const onCheckpoint = (message: unknown) => {
    if ((message as { point: string }).point !== 'statement-sent') return
    sent += 1
    // Half-way: the answer comes before that of whatever the stop sends.
    if (sent === nth) setTimeout(() => stop.abort(), 20)
  }
  await using migrator = await createMigrator({
    databaseUrl: proxy.through(scene.db.url()),
    cwd: scene.workspace.dir,
    env: {},
    pooler,
    onEvent: ({ type }) => proxy.delay(type === 'step-started' ? 30 : 0),
  })
  subscribe('slipway:checkpoint', onCheckpoint)
  try {
    await migrator.up({ signal: stop.signal })
    return true
  } catch (error) {
    assert.ok(stop.signal.aborted, String(error))
    return false
  } finally {
    unsubscribe('slipway:checkpoint', onCheckpoint)
  }
}

// Without a pooler a session's transactions are read-only unless they say otherwise, which keeps some of it out as well.
const kinds = {
  'in a transaction': { options: '{}', pooler: 'transaction', left: [] },
  'outside of one': {
    options: '{ transaction: false, resumable: true }',
    pooler: 'session',
    left: ['0002_age started'],
  },
} as const
type Pooler = (typeof kinds)[keyof typeof kinds]['pooler']

for (const [kind, { options, pooler, left }] of Object.entries(kinds)) {
  testEach(`stopped at whatever an operation ${kind} has sent, it leaves nothing`, async (major) => {
    await using scene = await createScene(major, first)
    await scene.up(0)
    scene.write({ '0002_age.ts': migration(`await ${change}`, options) })
    await using proxy = await startProxy(scene.db.server)
    let nth = 1
    for (; !(await upStopped(scene, proxy, pooler, nth)); nth += 1) {
      assert.deepEqual(await columns(scene), ['id'], `stopped at ${nth}`)
      assert.deepEqual(await scene.history(), ['0001_users applied', ...left], `stopped at ${nth}`)
    }
    assert.ok(nth > 3, 'it looks before it acts')
    assert.deepEqual(await columns(scene), ['id', 'age'])
  })

  testEach(`an operation ${kind} that is not awaited leaves nothing`, async (major) => {
    await using scene = await createScene(major, first)
    await scene.up(0)
    scene.write({ '0002_age.ts': migration(`void ${change}\nawait sql\`select 1\``, options) })
    assert.equal(errorOf(await scene.up(70, { SLIPWAY_POOLER: pooler })).code, 'not-awaited')
    assert.deepEqual(await columns(scene), ['id'])
  })
}
