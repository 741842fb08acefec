/** Who holds the run lock, and ending it: a runner that hangs is named by everyone, and gone after one command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunningSlipway } from '../../helpers/cli.ts'
import { isAlive } from '../../helpers/kill.ts'
import { newestMajor, type TestDatabase, uniqueName } from '../../helpers/postgres.ts'
import { commandIn, createTypist } from '../../helpers/typed.ts'
import { until } from '../../helpers/until.ts'
import { openSession } from './open-context.ts'
import { withRole } from './role.ts'
import { createScene, errorOf, eventsOf, type Scene, script, testEach } from './scene.ts'

const files = {
  '0001_a.sql': 'create table a (id integer);\n',
  '0002_hang.ts': script('if (context.env.HANG) await sql`select pg_sleep(600) as hanging`'),
}

interface Holder {
  readonly pid: number
  readonly running: RunningSlipway
}

/** A runner inside a statement that does not end. */
async function startHanging(scene: Scene, env: Record<string, string> = {}): Promise<Holder> {
  const running = scene.start(['up'], { HANG: 'yes', POD_NAME: 'pod-x', ...env })
  const pid = await until('the migration sleeps', async () => {
    const rows = await scene.db.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    )
    return rows[0]?.pid
  })
  return { pid, running }
}

async function holdLock(db: TestDatabase) {
  const session = await db.connect()
  await session.unsafe("set application_name = 'slipway/9.9.9 elsewhere'")
  await session.unsafe(`select pg_advisory_lock(1936484720, ${3293950087 | 0})`)
  const [row] = await session.unsafe('select pg_backend_pid() as pid')
  return { session, pid: Number(row?.pid) }
}

testEach(
  'a runner that is frozen: doctor and unlock name it, --terminate ends it, the next run completes',
  async (major) => {
    await using scene = await createScene(major, files)
    const { pid, running } = await startHanging(scene)
    running.kill('SIGSTOP')
    try {
      const typist = createTypist(scene.workspace, {
        SLIPWAY_DATABASE_URL: scene.db.url(),
        SLIPWAY_LOG_FORMAT: 'pretty',
      })
      const who = new RegExp(
        `pid ${pid} \\(slipway/\\S+ pod-x\\) from 127\\.0\\.0\\.1 since .* UTC, running: select pg_sleep\\(600\\)`,
      )
      const doctor = await typist.type('slipway doctor')
      assert.deepEqual([doctor.code, who.test(doctor.stdout)], [0, true], doctor.stdout)

      const look = await typist.type('slipway unlock')
      assert.equal(look.code, 0, look.stderr)
      for (const line of [
        new RegExp(`^ +pid +${pid}$`, 'm'),
        /^ +application +slipway\/\S+ pod-x$/m,
        /^ +host +127\.0\.0\.1$/m,
        /^ +since +20\d\d-.* UTC, for \d+/m,
        /^ +state +active, for \d+/m,
        /^ +statement +select pg_sleep\(600\)/m,
      ])
        assert.match(look.stdout, line)

      const refused = await typist.type('slipway up --lock-timeout 1s')
      assert.equal(refused.code, 75, refused.stderr)
      const ended = await typist.typeAndConfirm(commandIn(refused, /unlock/))
      assert.match(ended.stdout, new RegExp(`pid ${pid} was ended; the run lock is free`))
      assert.equal(commandIn(look, /--terminate/), commandIn(refused, /unlock/))

      await scene.up(0)
      assert.deepEqual(await scene.history(), ['0001_a applied', '0002_hang applied'])
      const log = await typist.type('slipway history --all')
      assert.match(log.stdout, new RegExp(`^unlock .*ended pid ${pid} \\(slipway/`, 'm'))
    } finally {
      running.kill('SIGCONT')
    }
    assert.equal((await running.done).code, 75)
  },
)

test('the command that ends it names the history that it is about', async () => {
  await using scene = await createScene(newestMajor, files)
  await scene.db.query('create schema "Other"')
  const { pid, running } = await startHanging(scene, { SLIPWAY_SCHEMA: 'Other' })
  const typist = createTypist(scene.workspace, {
    SLIPWAY_DATABASE_URL: scene.db.url(),
    SLIPWAY_LOG_FORMAT: 'pretty',
  })
  for (const verb of ['unlock', 'doctor', 'up --lock-timeout 1s']) {
    const look = await typist.type(`slipway ${verb} --schema Other`)
    assert.equal(commandIn(look, /unlock/), 'slipway unlock --schema Other --terminate')
  }
  const json = JSON.parse((await scene.run(['unlock', '--json', '--schema', 'Other'])).stdout)
  assert.equal(json.remedy, 'slipway unlock --schema Other --terminate')
  const ended = await typist.typeAndConfirm(json.remedy)
  assert.match(ended.stdout, new RegExp(`pid ${pid} was ended; the run lock is free`))
  assert.equal((await running.done).code, 75)
})

testEach('nobody holds it', async (major) => {
  await using scene = await createScene(major, files)
  for (const args of [['unlock'], ['unlock', '--terminate'], ['unlock', '--terminate', '--yes']]) {
    const result = await scene.run(args)
    assert.deepEqual([result.code, /is free/.test(result.stdout)], [0, true], result.stderr)
  }
  assert.deepEqual(await scene.db.query("select 1 from pg_class where relname ~ '^schema_migrations'"), [])
  const json = JSON.parse((await scene.run(['unlock', '--json'])).stdout)
  assert.deepEqual([json.held, json.holder, json.remedy], [false, null, null])
})

testEach('an idle session that holds the key, and one that may set a password', async (major) => {
  await using scene = await createScene(major, files)
  const { session, pid } = await holdLock(scene.db)
  const role = uniqueName('secretive')
  try {
    await session.unsafe(`create role ${role} password 'never-shown'`)
    const json = await scene.run(['unlock', '--json'])
    const { held, holder, remedy } = JSON.parse(json.stdout)
    assert.deepEqual(
      [held, holder.pid, holder.applicationName, holder.state, remedy],
      [true, pid, 'slipway/9.9.9 elsewhere', 'idle', 'slipway unlock --terminate'],
    )
    assert.match(holder.statement, /create role secretive_\w+ password '\*\*\*'/)
    for (const args of [
      ['unlock'],
      ['doctor'],
      ['unlock', '--terminate'],
      ['up', '--lock-timeout', '500ms'],
    ]) {
      const { stdout, stderr } = await scene.run(args)
      assert.match(stdout + stderr, new RegExp(String(pid)), args.join(' '))
      assert.doesNotMatch(stdout + stderr, /never-shown/, args.join(' '))
    }
    // Where there is no log table yet, it is ended all the same.
    const ended = await scene.run(['unlock', '--terminate', '--yes'])
    assert.deepEqual([ended.code, eventsOf(ended, 'cleanup-failed')], [0, []], ended.stderr)
    await scene.up(0)
  } finally {
    await scene.db.query(`drop role if exists ${role}`)
    await session.end({ timeout: 1 }).catch(() => {})
  }
})

testEach('a role that may not end it is told the GRANT, which is enough', async (major) => {
  await using scene = await createScene(major, files)
  const { db } = scene
  await withRole(db, async (mine) => {
    await withRole(db, async (theirs) => {
      await db.query(`grant usage, create on schema public to ${theirs.user}`)
      const { pid, running } = await startHanging(scene, { SLIPWAY_DATABASE_URL: db.url(theirs) })
      using _ = { [Symbol.dispose]: () => running.kill('SIGKILL') }
      const env = { SLIPWAY_DATABASE_URL: db.url(mine) }
      // Of another role's session no more is shown.
      const look = JSON.parse((await scene.run(['unlock', '--json'], env)).stdout)
      assert.deepEqual(Object.keys(look.holder), ['pid', 'applicationName'])
      assert.equal(look.holder.pid, pid)
      const denied = await scene.run(['unlock', '--terminate', '--yes'], env)
      assert.deepEqual([denied.code, errorOf(denied).code], [77, 'privilege-missing'], denied.stderr)
      const [grant] = (errorOf(denied).hint ?? '').split(';')
      assert.equal(grant, `grant pg_signal_backend to "${mine.user}"`)
      await db.query(grant ?? '')
      const ended = await scene.run(['unlock', '--terminate', '--yes'], env)
      assert.equal(ended.code, 0, ended.stderr)
      assert.equal((await running.done).code, 75)
    })
  })
})

test('a session of a superuser is ended by none but a superuser', async () => {
  await using scene = await createScene(newestMajor, files)
  const { session, pid } = await holdLock(scene.db)
  try {
    await withRole(scene.db, async (role) => {
      await scene.db.query(`grant pg_signal_backend to ${role.user}`)
      const denied = await scene.run(['unlock', '--terminate', '--yes'], {
        SLIPWAY_DATABASE_URL: scene.db.url(role),
      })
      assert.deepEqual(
        [denied.code, errorOf(denied).hint],
        [77, `as a superuser: select pg_terminate_backend(${pid})`],
      )
    })
  } finally {
    await session.end({ timeout: 1 })
  }
})

test('a session that does not end at once is waited for, and not without end', async () => {
  await using scene = await createScene(newestMajor, files)
  const { session, pid } = await holdLock(scene.db)
  // The server's process for it, which then cannot do as it is told.
  process.kill(pid, 'SIGSTOP')
  try {
    const tired = await scene.run(['unlock', '--terminate', '--yes', '--wait-timeout', '1s'])
    assert.deepEqual([tired.code, errorOf(tired).code], [75, 'lock-timeout'], tired.stderr)
    assert.match(
      errorOf(tired).message,
      new RegExp(`pid ${pid} was told to end and still holds the run lock`),
    )
    const patient = scene.start(['unlock', '--terminate', '--yes'])
    await until(
      'it is connected a second time',
      () => eventsOf({ stderr: patient.output() }, 'connected').length === 2,
    )
    process.kill(pid, 'SIGCONT')
    const result = await patient.done
    assert.deepEqual([result.code, /the run lock is free/.test(result.stdout)], [0, true], result.stderr)
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGCONT')
    await session.end({ timeout: 1 }).catch(() => {})
  }
})

test('a session that has let go of the lock by then is not ended', async () => {
  await using scene = await createScene(newestMajor, files)
  await using bystander = await scene.db.connect()
  await bystander`select pg_advisory_lock(1)`
  const [row] = await bystander<[{ pid: number }]>`select pg_backend_pid() as pid`
  await using session = await openSession(scene.db.url())
  assert.equal(await session.endRunLockHolder?.({ pid: row.pid }), false)
  assert.equal((await bystander`select 1`).length, 1)
})
