/** `doctor` and `unlock` of a SQLite file: what is wrong with it, and which process holds its run lock. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { cliPath, type SlipwayResult, slipway, startSlipway } from '../../helpers/cli.ts'
import { killAndWait } from '../../helpers/kill.ts'
import { runSqlite } from '../../helpers/sqlite.ts'
import { createWorkspace, type Workspace } from '../../helpers/workspace.ts'

const files = { 'migrations/0001_a.sql': 'create table a (id integer);' }
const hanging = {
  ...files,
  'migrations/0002_hang.ts': `export const up = async ({ log, env }) => {
  log('here')
  if (env.HANG) await new Promise((resolve) => setTimeout(resolve, 600_000))
}
`,
}

const nobody = { uid: 65534, gid: 65534 }
const isRoot = process.getuid?.() === 0

function run(workspace: Workspace, line: string, more: { user?: typeof nobody; file?: string } = {}) {
  const { user, file = 'app.db' } = more
  return slipway(line.split(' '), {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: `sqlite:${file}` },
    ...(user === undefined ? {} : { user }),
  })
}

interface Check {
  readonly check: string
  readonly level: string
  readonly message: string
  readonly code: string | null
}

const checksOf = ({ stdout, stderr }: SlipwayResult): Check[] => {
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout).checks
}
const levels = (result: SlipwayResult) =>
  Object.fromEntries(checksOf(result).map(({ check, level }) => [check, level]))
const troubleOf = (result: SlipwayResult) =>
  checksOf(result).flatMap(({ check, level, code }) => (level === 'ok' ? [] : [`${check} ${level} ${code}`]))

test('all is well, before there is a file and after; nothing is made', async () => {
  using workspace = createWorkspace(files)
  const before = await run(workspace, 'doctor --json')
  assert.equal(before.code, 0, before.stdout)
  assert.deepEqual(readdirSync(workspace.dir), ['migrations'])
  const names = ['settings', 'files', 'connection', 'library', 'file', 'lock file']
  const rest = ['lock', 'history', 'migrations']
  const ok = (checks: readonly string[]) => Object.fromEntries(checks.map((check) => [check, 'ok']))
  assert.deepEqual(levels(before), ok([...names, ...rest]))
  assert.equal((await run(workspace, 'up')).code, 0)
  const after = await run(workspace, 'doctor --json')
  assert.deepEqual([after.code, levels(after)], [0, ok([...names, 'journal', 'foreign keys', ...rest])])
  assert.deepEqual(readdirSync(workspace.dir).sort(), ['app.db', 'app.db.slipway-lock', 'migrations'])
})

test("no database, another tool's table, a database in memory", async () => {
  using workspace = createWorkspace({
    ...files,
    'text.db': 'not a database, but long enough to be looked at',
  })
  const text = await run(workspace, 'doctor --json', { file: 'text.db' })
  assert.deepEqual([text.code, troubleOf(text)], [78, ['connection fail bad-url']], text.stdout)
  runSqlite(
    workspace.path('app.db'),
    "create table schema_migrations (version text); insert into schema_migrations values ('9')",
  )
  const foreign = await run(workspace, 'doctor --json')
  assert.deepEqual([foreign.code, troubleOf(foreign)], [65, ['history fail foreign-history']], foreign.stdout)
  const memory = await run(workspace, 'doctor --json', { file: ':memory:' })
  assert.deepEqual([memory.code, troubleOf(memory)], [0, ['file warn null']], memory.stdout)
})

test('a directory, a file and a lock file that may not be written', {
  skip: !isRoot && 'needs root',
}, async () => {
  using workspace = createWorkspace(files)
  chmodSync(workspace.dir, 0o755)
  const user = nobody
  const none = await run(workspace, 'doctor --json', { user })
  assert.deepEqual([none.code, troubleOf(none)], [73, ['file fail not-writable']], none.stdout)
  assert.match(
    checksOf(none).find(({ check }) => check === 'file')?.message ?? '',
    /has mode 0755 and owner 0:0; slipway runs as 65534/,
  )
  assert.equal((await run(workspace, 'up')).code, 0)
  chownSync(workspace.dir, user.uid, user.gid)
  chownSync(workspace.path('app.db'), user.uid, user.gid)
  const lock = await run(workspace, 'doctor --json', { user })
  assert.deepEqual([lock.code, troubleOf(lock)], [73, ['lock file fail not-writable']], lock.stdout)
  chownSync(workspace.path('app.db.slipway-lock'), user.uid, user.gid)
  assert.equal((await run(workspace, 'doctor', { user })).code, 0)
})

test('the process that holds the run lock is named, and how to end it', async () => {
  using workspace = createWorkspace(hanging)
  assert.match(
    (await run(workspace, 'unlock')).stdout,
    /^the run lock of schema_migrations on sqlite:.* is free$/m,
  )
  assert.deepEqual(readdirSync(workspace.dir), ['migrations'])
  const holder = startSlipway(['up'], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: 'sqlite:app.db', HANG: 'yes' },
  })
  await holder.waitForOutput(/0002_hang: here/)
  const look = await run(workspace, 'unlock')
  assert.match(
    look.stdout,
    new RegExp(`is held\\n +pid +${holder.pid}\\n[\\s\\S]*^next: kill ${holder.pid}$`, 'm'),
  )
  const json = JSON.parse((await run(workspace, 'unlock --json')).stdout)
  assert.deepEqual([json.held, json.holder.pid, json.remedy], [true, holder.pid, `kill ${holder.pid}`])
  const doctor = await run(workspace, 'doctor')
  assert.deepEqual(
    [
      doctor.code,
      new RegExp(`^! lock .*held by pid ${holder.pid}[\\s\\S]*next: .*kill ${holder.pid}$`, 'm').test(
        doctor.stdout,
      ),
    ],
    [0, true],
    doctor.stdout,
  )
  const refused = await run(workspace, 'unlock --terminate --yes')
  const { error } = JSON.parse(refused.stderr.trimEnd().split('\n').at(-1) ?? '')
  assert.deepEqual([refused.code, error.code, error.hint], [64, 'bad-argument', `kill ${holder.pid}`])
  const waiting = await run(workspace, 'up --lock-timeout 300ms')
  assert.deepEqual(
    [waiting.code, new RegExp(`end it: kill ${holder.pid}"`).test(waiting.stderr)],
    [75, true],
    waiting.stderr,
  )

  await killAndWait(holder.pid, 'SIGTERM')
  assert.equal((await holder.done).code, 143)
  assert.match((await run(workspace, 'unlock --terminate')).stdout, /is free$/m)
  assert.equal((await run(workspace, 'up')).code, 0)
})

/** What another container is to this one: its processes have no number here. */
const elsewhere = ['unshare', '--pid', '--fork', '--mount-proc'] as const
const canUnshare = spawnSync(elsewhere[0], [...elsewhere.slice(1), 'true']).status === 0

test('a holder in another container', {
  skip: !canUnshare && 'needs unshare and the right to use it',
}, async () => {
  using workspace = createWorkspace(hanging)
  const env = { SLIPWAY_DATABASE_URL: 'sqlite:app.db' }
  const holder = startSlipway(['up'], { cwd: workspace.dir, env: { ...env, HANG: 'yes' } })
  await holder.waitForOutput(/0002_hang: here/)
  const there = (...args: string[]) =>
    startSlipway(args, { cwd: workspace.dir, env, command: [...elsewhere, process.execPath, cliPath] }).done
  const look = await there('unlock')
  assert.match(look.stdout, /is held\n +pid +unknown/)
  const json = JSON.parse((await there('unlock', '--json')).stdout)
  assert.deepEqual([json.held, json.holder, json.remedy], [true, {}, null])
  const waiting = await there('up', '--lock-timeout', '300ms')
  assert.match(waiting.stderr, /it is held by another session"/)
  holder.kill('SIGTERM')
  await holder.done
  assert.match((await there('unlock')).stdout, /is free/)
})
