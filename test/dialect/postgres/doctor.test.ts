/** What `doctor` says of a server: what is wrong, the code of the first failure, and the remedy that mends it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareClocks, examineTls, examineVersion } from '../../../src/dialects/postgres/examine.ts'
import type { SlipwayResult } from '../../helpers/cli.ts'
import { freePort } from '../../helpers/ports.ts'
import { newestMajor } from '../../helpers/postgres.ts'
import { commandIn, createTypist } from '../../helpers/typed.ts'
import { withRole } from './role.ts'
import { createScene, errorOf, testEach } from './scene.ts'

const files = {
  '0001_a.sql': 'create table a (id integer);\n',
  '0002_b.sql': 'create table b (id integer);\n',
}

interface Check {
  readonly check: string
  readonly level: string
  readonly message: string
  readonly remedy: string | null
  readonly code: string | null
}

function checksOf({ stdout, stderr }: SlipwayResult): Check[] {
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout).checks
}

function levels(result: SlipwayResult): Record<string, string> {
  return Object.fromEntries(checksOf(result).map(({ check, level }) => [check, level]))
}

function troubleOf(result: SlipwayResult): Check[] {
  return checksOf(result).filter(({ level }) => level !== 'ok')
}

const allWell = {
  settings: 'ok',
  files: 'ok',
  connection: 'ok',
  server: 'ok',
  role: 'ok',
  privileges: 'ok',
  pooler: 'ok',
  tls: 'ok',
  clock: 'ok',
  lock: 'ok',
  history: 'ok',
  migrations: 'ok',
}

testEach('all is well, before there is a history and after; nothing is written', async (major) => {
  await using scene = await createScene(major, files)
  const before = await scene.run(['doctor', '--json'])
  assert.deepEqual([before.code, levels(before)], [0, allWell], before.stdout)
  assert.deepEqual(await scene.db.query("select 1 from pg_class where relname ~ '^schema_migrations'"), [])
  const { serverVersion, historyTable, ok, exitCode } = JSON.parse(before.stdout)
  assert.deepEqual(
    [Number.parseInt(serverVersion, 10), historyTable, ok, exitCode],
    [major, 'public.schema_migrations', true, 0],
  )
  await scene.up(0)
  const after = await scene.run(['doctor', '--json'])
  assert.deepEqual([after.code, levels(after)], [0, allWell], after.stdout)
  assert.match(
    (await scene.run(['doctor'])).stdout,
    /^✓ history +public\.schema_migrations, 2 recorded$[\s\S]*^all is well$/m,
  )
})

testEach('a role that may do nothing is told the GRANTs, which are enough', async (major) => {
  await using scene = await createScene(major, files)
  const { db } = scene
  await withRole(db, async (role) => {
    const env = { SLIPWAY_DATABASE_URL: db.url(role) }
    /** The remedy of the one failure, granted. */
    const mend = async (check: string, message: RegExp, level = 'fail') => {
      const result = await scene.run(['doctor', '--json'], env)
      const [trouble, ...others] = troubleOf(result)
      assert.deepEqual(
        [result.code, trouble?.check, trouble?.level, trouble?.code, others],
        [level === 'fail' ? 77 : 0, check, level, level === 'fail' ? 'privilege-missing' : null, []],
        result.stdout,
      )
      assert.match(trouble?.message ?? '', message)
      assert.match(trouble?.remedy ?? '', /^grant /)
      await db.query(trouble?.remedy ?? '')
    }
    await db.query(
      `revoke usage on schema public from ${role.user}, public; revoke connect on database ${db.name} from public`,
    )
    await mend('connection', /may not connect/)
    await mend('privileges', /may not create public\.schema_migrations/)
    assert.deepEqual(levels(await scene.run(['doctor', '--json'], env)), allWell)
    assert.equal((await scene.run(['up'], env)).code, 0)

    // The history is another role's.
    await db.query(
      `reassign owned by ${role.user} to current_user; drop owned by ${role.user}; grant connect on database ${db.name} to ${role.user}`,
    )
    await mend('privileges', /may not read public\.schema_migrations and its log/)
    assert.deepEqual(levels(await scene.run(['doctor', '--json'], env)), allWell)
    await db.query(
      `revoke insert on schema_migrations_log from ${role.user}; revoke create on schema public from ${role.user}`,
    )
    await mend('privileges', /may not write/)
    await db.query(`revoke create on schema public from ${role.user}`)
    await mend('privileges', /create nothing in schema public/, 'warn')
    scene.write({ '0003_c.sql': 'create table c (id integer);' })
    assert.equal((await scene.run(['up'], env)).code, 0)
  })
})

testEach("a clock that goes wrong is told, and versions are compared with the server's", async (major) => {
  await using scene = await createScene(major, files)
  const shifted = {
    SLIPWAY_DATABASE_URL: scene.db.url(),
    SLIPWAY_DIR: scene.workspace.path('migrations'),
  }
  scene.workspace.write({
    'shift.mjs': `const RealDate = Date
const shift = Number(process.env.CLOCK_SHIFT_MS)
globalThis.Date = class extends RealDate {
  constructor(...args) { args.length === 0 ? super(RealDate.now() + shift) : super(...args) }
  static now() { return RealDate.now() + shift }
}
`,
  })
  const run = (days: number, ...args: string[]) =>
    scene.start(args, {
      ...shifted,
      NODE_OPTIONS: `--import=${scene.workspace.path('shift.mjs')}`,
      CLOCK_SHIFT_MS: String(days * 86_400_000),
    }).done
  for (const [days, direction] of [
    [3, 'ahead of'],
    [-3, 'behind'],
  ] as const) {
    const result = await run(days, 'doctor', '--json')
    const [trouble, ...others] = troubleOf(result)
    assert.deepEqual(
      [result.code, trouble?.check, trouble?.level, others],
      [0, 'clock', 'warn', []],
      result.stdout,
    )
    const [, seconds, found] = /is (\d+) s (ahead of|behind) the server's/.exec(trouble?.message ?? '') ?? []
    assert.equal(found, direction)
    assert.ok(Math.abs(Number(seconds) - 3 * 86_400) < 60, result.stdout)
  }
  // By the clock of this host it is due; by the database's it is two days off.
  const version = new Date(Date.now() + 2 * 86_400_000).toISOString().replace(/\D/g, '').slice(0, 14)
  scene.write({ [`${version}_c.sql`]: 'create table c (id integer);' })
  const up = await run(3, 'up')
  assert.deepEqual([up.code, errorOf(up).code], [66, 'future'], up.stderr)
  assert.match(errorOf(up).message, /more than a day ahead of the database's clock/)
  const doctor = await run(3, 'doctor', '--json')
  assert.equal(doctor.code, 66)
  assert.deepEqual(
    troubleOf(doctor).map(({ check, code }) => [check, code]),
    // The two styles of version in that folder are worth a warning, too.
    [
      ['files', null],
      ['clock', null],
      ['migrations', 'future'],
    ],
  )
})

testEach('a history in another schema, and two of them', async (major) => {
  await using scene = await createScene(major, files)
  const { db } = scene
  await scene.up(0)
  await db.query(
    'create schema app; alter table schema_migrations set schema app; alter table schema_migrations_log set schema app',
  )
  const doctor = await scene.run(['doctor', '--json'])
  assert.deepEqual(
    [doctor.code, troubleOf(doctor).map(({ check, code }) => [check, code])],
    [65, [['history', 'history-elsewhere']]],
    doctor.stdout,
  )
  const refused = await scene.up(65)
  const typist = createTypist(scene.workspace, { SLIPWAY_DATABASE_URL: db.url() })
  const status = await typist.type(commandIn(refused, /SLIPWAY_SCHEMA=app /))
  assert.match(status.stdout, /2 applied, 0 pending/)
  await scene.up(0, { SLIPWAY_SCHEMA: 'app' })

  await db.query(
    'create table schema_migrations (like app.schema_migrations including all); insert into schema_migrations overriding system value select * from app.schema_migrations',
  )
  const both = await scene.run(['doctor', '--json'])
  const [trouble] = troubleOf(both)
  assert.deepEqual([both.code, trouble?.check, trouble?.level], [0, 'history', 'warn'], both.stdout)
  assert.match(trouble?.message ?? '', /schema app has a schema_migrations as well/)
  const chosen = await scene.run(['doctor', '--json'], { SLIPWAY_SCHEMA: 'app' })
  assert.deepEqual(troubleOf(chosen), [])
})

testEach("another tool's table, what changed, what failed last", async (major) => {
  await using scene = await createScene(major, files)
  await scene.up(0)
  scene.write({ '0001_a.sql': 'create table a (id bigint);\n', '0003_c.sql': 'select 1 / 0;' })
  const changed = await scene.run(['doctor', '--json'])
  assert.equal(changed.code, 65)
  assert.match(troubleOf(changed)[0]?.remedy ?? '', /slipway repair --accept 0001_a/)
  scene.write({ '0001_a.sql': files['0001_a.sql'] })
  await scene.up(70)
  const failed = await scene.run(['doctor', '--json'])
  const [trouble] = troubleOf(failed)
  assert.deepEqual(
    [failed.code, trouble?.level, trouble?.remedy],
    [0, 'warn', 'slipway history --all'],
    failed.stdout,
  )
  assert.match(trouble?.message ?? '', /the last run failed at .*0003_c failed.*division by zero/)

  await scene.db.query('drop table schema_migrations; create table schema_migrations (version text)')
  const foreign = await scene.run(['doctor', '--json'])
  assert.deepEqual(
    [foreign.code, troubleOf(foreign).map(({ code }) => code)],
    [65, ['foreign-history']],
    foreign.stdout,
  )
})

testEach('it goes on without files, and without a server; the first failure decides', async (major) => {
  await using scene = await createScene(major, {
    '0001_a.sql': 'select 1;',
    'fix.sql': 'select 1;',
    '0001_a.ts': '',
  })
  const bad = await scene.run(['doctor', '--json'])
  assert.deepEqual(
    [bad.code, troubleOf(bad).map(({ check, code }) => [check, code])],
    [
      66,
      [
        ['files', 'misnamed'],
        ['files', 'duplicate'],
      ],
    ],
    bad.stdout,
  )
  assert.deepEqual([levels(bad).history, levels(bad).lock], ['ok', 'ok'])

  const port = await freePort()
  const nowhere = { SLIPWAY_DATABASE_URL: `postgres://app@127.0.0.1:${port}/app`, SLIPWAY_ALOW_EMPTY: 'true' }
  const down = await scene.run(['doctor', '--json', '--timeout', '0'], nowhere)
  assert.deepEqual(
    troubleOf(down).map(({ check, level, code }) => [check, level, code]),
    [
      ['settings', 'warn', null],
      ['files', 'fail', 'misnamed'],
      ['files', 'fail', 'duplicate'],
      ['connection', 'fail', 'unreachable'],
    ],
  )
  const missing = await scene.run(['doctor', '--json', '--timeout', '0'], {
    ...nowhere,
    SLIPWAY_DIR: scene.workspace.path('nothing'),
  })
  assert.deepEqual([missing.code, troubleOf(missing)[1]?.code], [66, 'dir-missing'])
  const unset = await scene.run(['doctor', '--json'], { SLIPWAY_DATABASE_URL: undefined })
  assert.deepEqual([unset.code, checksOf(unset)[0]?.code], [78, 'no-url'], unset.stdout)
})

test('a server that does not answer is not waited for', async () => {
  await using scene = await createScene(newestMajor, files)
  await scene.up(0)
  await using session = await scene.db.connect()
  await session.unsafe('begin; lock table schema_migrations in access exclusive mode')
  const stuck = await scene.run(['doctor', '--json'])
  assert.equal(stuck.code, 69, stuck.stdout)
  const last = checksOf(stuck).at(-1)
  assert.deepEqual([last?.check, last?.code], ['history', 'unreachable'])
  assert.match(last?.message ?? '', /no answer within 5 s/)
})

test('writing that is off by default is turned on by the remedy', async () => {
  await using scene = await createScene(newestMajor, files)
  const { db } = scene
  for (const [where, whose] of [
    ['database', db.name],
    ['role', `current_user in database ${db.name}`],
  ]) {
    await db.query(`alter ${where} ${whose} set default_transaction_read_only = on`)
    const result = await scene.run(['doctor', '--json'])
    const [trouble, ...others] = troubleOf(result)
    assert.deepEqual(
      [result.code, trouble?.check, trouble?.code, others],
      [69, 'role', 'read-only', []],
      result.stdout,
    )
    await db.query(trouble?.remedy ?? '')
    assert.equal((await scene.run(['doctor'])).code, 0)
  }
  await scene.up(0)
})

test('what cannot be had from a server here', () => {
  const unused = { mode: 'prefer' } as const
  const plain = { encryption: undefined, isVerified: false }
  const tls = { encryption: 'TLSv1.3', isVerified: true }
  assert.deepEqual(
    [
      examineTls({ host: 'db.example.com', tls: unused }, plain).level,
      examineTls({ host: '/var/run/postgresql', tls: unused }, plain).level,
      examineTls({ host: '127.0.0.1', tls: unused }, plain).level,
      examineTls({ host: 'db.example.com', tls: { mode: 'require' } }, { ...tls, isVerified: false }).message,
      examineTls({ host: 'db.example.com', tls: { mode: 'verify-full' } }, tls).message,
    ],
    [
      'warn',
      'ok',
      'ok',
      'TLSv1.3, certificate not verified (sslmode=require)',
      'TLSv1.3, certificate verified (sslmode=verify-full)',
    ],
  )
  assert.deepEqual(
    [
      examineVersion(120022, '12.22').code,
      examineVersion(130000, '13.0').level,
      examineVersion(180004, '18.4').level,
      examineVersion(190000, '19.0').level,
    ],
    ['unsupported-server', 'ok', 'ok', 'warn'],
  )
  assert.deepEqual(
    [
      compareClocks({ asked: 0, answered: 60_000, server: 59_000 }).level,
      compareClocks({ asked: 10_000, answered: 11_000, server: 5000 }).level,
      compareClocks({ asked: 10_000, answered: 11_000, server: 4000 }).level,
      compareClocks({ asked: 10_000, answered: 11_000, server: 17_000 }).level,
    ],
    ['ok', 'ok', 'warn', 'warn'],
  )
})
