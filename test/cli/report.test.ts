/** SLIPWAY_REPORT: what is in it, when it is there, and where it can go. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Report } from '../../src/reporters/report.ts'
import { type BadInput, testBadInput } from '../helpers/bad-input.ts'
import { slipway, startSlipway } from '../helpers/cli.ts'
import { faultOptions } from '../helpers/fault-point.ts'
import { recordOutput } from '../helpers/leak-log.ts'
import { testPassword } from '../helpers/password.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../helpers/workspace.ts'

const one = { '0001_a.sql': 'create table a (n integer);\ninsert into a values (1);' }
const failing = { ...one, '0002_b.sql': 'select * from nowhere;', '0003_c.sql': 'select 1;' }

/** As a reader would see it; its text is searched for the password of the run. */
function readReport(workspace: Workspace, name = 'report.json'): Report {
  const text = workspace.read(name)
  recordOutput('a report', text)
  assert.match(text, /^\{\n[\s\S]*\}\n$/)
  return JSON.parse(text) as Report
}

const statesOf = ({ migrations }: Report) => migrations.map(({ name, state }) => `${name} ${state}`)

interface Run {
  readonly url: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly fault?: string
}

function start(workspace: Workspace, { url, args = ['up'], env = {}, fault }: Run) {
  const extra = fault === undefined ? { nodeOptions: [], env: {} } : faultOptions({ fault })
  return startSlipway(args, {
    cwd: workspace.dir,
    nodeOptions: extra.nodeOptions,
    env: { SLIPWAY_DATABASE_URL: url, SLIPWAY_REPORT: 'report.json', ...extra.env, ...env },
  })
}

async function scene(
  files: Readonly<Record<string, string>>,
  work: (workspace: Workspace, url: string) => Promise<void>,
) {
  using workspace = createWorkspace()
  writeMigrations(workspace, files)
  await work(workspace, `sqlite://${workspace.path('app.db')}`)
}

async function postgresScene(
  files: Readonly<Record<string, string>>,
  work: (workspace: Workspace, db: TestDatabase) => Promise<void>,
) {
  await using db = await createTestDatabase(newestMajor)
  await scene(files, (workspace) => work(workspace, db))
}

describe('what is in it', () => {
  test('a run that applies, and one that has nothing to do', () =>
    scene(
      { ...one, '0002_b.ts': 'export const up = async ({ sql }) => { await sql`select 1` }\n' },
      async (workspace, url) => {
        const first = await start(workspace, { url }).done
        assert.equal(first.code, 0, first.stderr)
        const { startedAt, finishedAt, durationMs, runId, slipway: version, ...rest } = readReport(workspace)
        assert.ok(new Date(finishedAt).getTime() - new Date(startedAt).getTime() === durationMs)
        assert.match(version, /^\d+\.\d+\.\d+/)
        const [row] = readSqlite(workspace.path('app.db'), 'select run_id, checksum from schema_migrations')
        assert.equal(runId, row?.run_id)
        const [a, b] = rest.migrations
        assert.equal(a?.checksum, row?.checksum)
        assert.equal(a?.statements?.total, 2)
        assert.deepEqual(
          a?.statements?.done.map((done) => (done as { index: number }).index),
          [1, 2],
        )
        assert.equal(b?.statements, null)
        assert.ok(a?.durationMs !== null && a?.startedAt !== null)
        assert.deepEqual(
          {
            ...rest,
            migrations: statesOf(rest as Report),
            serverVersion: '',
            waits: { ...rest.waits, databaseMs: 0, lockMs: 0 },
          },
          {
            version: 1,
            verb: 'up',
            outcome: 'applied',
            exitCode: 0,
            database: `sqlite://${workspace.path('app.db')}`,
            dialect: 'sqlite',
            serverVersion: '',
            dir: workspace.path('migrations'),
            together: false,
            appliedBefore: 0,
            ahead: [],
            waits: { databaseMs: 0, lockMs: 0, lockHolders: [] },
            migrations: ['0001_a applied', '0002_b applied'],
            warnings: [],
            notices: [],
            error: null,
          },
        )
        const second = await start(workspace, { url }).done
        assert.equal(second.code, 0, second.stderr)
        const again = readReport(workspace)
        assert.deepEqual(
          [again.outcome, again.exitCode, again.migrations, again.appliedBefore],
          ['up-to-date', 0, [], 2],
        )
        assert.deepEqual(
          readdirSync(workspace.dir).filter((name) => name.includes('report')),
          ['report.json'],
        )
      },
    ))

  test('a failure, with all that the server said', () =>
    postgresScene(failing, async (workspace, db) => {
      const result = await start(workspace, { url: db.url() }).done
      assert.equal(result.code, 70, result.stderr)
      const report = readReport(workspace)
      assert.deepEqual([report.outcome, report.exitCode, report.dialect], ['failed', 70, 'postgres'])
      assert.deepEqual(statesOf(report), ['0001_a applied', '0002_b failed', '0003_c pending'])
      const { error } = report.migrations[1] ?? {}
      assert.deepEqual(error, report.error)
      assert.deepEqual(
        [error?.code, error?.sqlstate, error?.file, error?.line, error?.statement],
        ['migration-failed', '42P01', 'migrations/0002_b.sql', 1, { index: 1, total: 1 }],
      )
    }))

  test('a single transaction that failed: what was done is rolled back', () =>
    scene(failing, async (workspace, url) => {
      const result = await start(workspace, { url, args: ['up', '--single-transaction'] }).done
      assert.equal(result.code, 70, result.stderr)
      const report = readReport(workspace)
      assert.equal(report.together, true)
      assert.deepEqual(statesOf(report), ['0001_a rolled-back', '0002_b failed', '0003_c pending'])
    }))

  test('a refusal, with every reason', () =>
    scene({ ...one, '0002_b.sql': 'select 1;' }, async (workspace, url) => {
      assert.equal((await start(workspace, { url }).done).code, 0)
      workspace.write({ 'migrations/0001_a.sql': 'edited', 'migrations/0002_b.sql': 'edited' })
      const result = await start(workspace, { url }).done
      assert.equal(result.code, 65, result.stderr)
      const report = readReport(workspace)
      assert.deepEqual([report.outcome, report.exitCode, report.migrations], ['not-run', 65, []])
      assert.deepEqual(
        report.error?.reasons?.map(({ code }) => code),
        ['changed', 'changed'],
      )
    }))

  test('what failed before there was a run', () =>
    scene(one, async (workspace) => {
      const result = await start(workspace, { url: '' }).done
      assert.equal(result.code, 78, result.stderr)
      const report = readReport(workspace)
      assert.deepEqual(
        [report.outcome, report.exitCode, report.runId, report.database, report.error?.code],
        ['not-run', 78, null, null, 'no-url'],
      )
    }))

  test('SIGTERM', () =>
    postgresScene(
      { ...one, '0002_sleeps.sql': 'select pg_sleep(60);', '0003_c.sql': 'select 1;' },
      async (workspace, db) => {
        const running = start(workspace, { url: db.url() })
        await running.waitForOutput(/step-started.*0002_sleeps/)
        running.kill('SIGTERM')
        assert.equal((await running.done).code, 143)
        const report = readReport(workspace)
        assert.deepEqual(
          [report.outcome, report.exitCode, report.error?.code],
          ['stopped', 143, 'terminated'],
        )
        assert.deepEqual(statesOf(report), ['0001_a applied', '0002_sleeps stopped', '0003_c pending'])
      },
    ))

  test('a migration that ends the process', () =>
    scene(
      { ...one, '0002_exits.ts': 'export const up = () => process.exit(0)\n' },
      async (workspace, url) => {
        assert.equal((await start(workspace, { url }).done).code, 70)
        const report = readReport(workspace)
        assert.deepEqual([report.outcome, report.exitCode], ['failed', 70])
        assert.deepEqual(statesOf(report), ['0001_a applied', '0002_exits stopped'])
      },
    ))

  test('waiting for another runner, and for a table, with who was in the way', () =>
    postgresScene(
      { ...one, '0002_busy.sql': 'alter table busy add column more int;' },
      async (workspace, db) => {
        await db.query('create table busy (n int)')
        await using holder = await db.connect()
        await holder.unsafe(
          `set application_name = 'the other one'; select pg_advisory_lock(1936484720, ${3293950087 | 0})`,
        )
        await using reader = await db.connect()
        await reader.unsafe("set application_name = 'the app'; begin; lock table busy in access share mode")
        const running = start(workspace, { url: db.url(), env: { SLIPWAY_DDL_LOCK_TIMEOUT: '50ms' } })
        await running.waitForOutput(/waiting-for-lock/)
        await holder.unsafe('select pg_advisory_unlock_all()')
        await running.waitForOutput(/step-retrying/)
        await reader.unsafe('rollback')
        const result = await running.done
        assert.equal(result.code, 0, result.stderr)
        const report = readReport(workspace)
        assert.match(JSON.stringify(report.waits.lockHolders), /^\[\{.*"applicationName":"the other one"/)
        assert.ok(report.waits.lockMs > 0)
        const [retry] = report.migrations[1]?.retries ?? []
        assert.match(JSON.stringify(retry), /"sqlstate":"55P03".*"applicationName":"the app"/)
      },
    ))

  test('exec: written before the command takes over', () =>
    scene(one, async (workspace, url) => {
      const args = ['exec', '--', 'sh', '-c', 'cp report.json seen.json; exit 7']
      assert.equal((await start(workspace, { url, args }).done).code, 7)
      const report = readReport(workspace, 'seen.json')
      assert.deepEqual([report.verb, report.outcome], ['exec', 'applied'])
    }))

  test('a dry run writes none', () =>
    scene(one, async (workspace, url) => {
      assert.equal((await start(workspace, { url, args: ['up', '--dry-run'] }).done).code, 0)
      assert.equal(workspace.has('report.json'), false)
    }))

  test('no password', () =>
    postgresScene(
      { '0001_a.ts': 'export const up = ({ env }) => { throw new Error(env.SLIPWAY_DATABASE_URL) }\n' },
      async (workspace, db) => {
        assert.equal((await start(workspace, { url: db.url() }).done).code, 70)
        assert.match(readReport(workspace).error?.message ?? '', /\*\*\*/)
        const wrong = db.url({ user: 'postgres', password: `${testPassword()}x` })
        const result = await start(workspace, { url: wrong, env: { SLIPWAY_WAIT_TIMEOUT: '4s' } }).done
        assert.equal(result.code, 77, result.stderr)
        readReport(workspace)
      },
    ))
})

describe('where it goes', () => {
  test('-: stdout, which holds nothing else', () =>
    scene(one, async (workspace, url) => {
      for (const path of ['-', '/dev/stdout']) {
        const { code, stdout } = await start(workspace, { url, args: ['up', '--report', path] }).done
        assert.equal(code, 0)
        assert.equal(JSON.parse(stdout).verb, 'up')
      }
    }))

  test('through a symbolic link, which stays', () =>
    scene(one, async (workspace, url) => {
      workspace.write({ 'out/real.json': 'old' })
      symlinkSync('out/real.json', workspace.path('report.json'))
      assert.equal((await start(workspace, { url }).done).code, 0)
      assert.equal(readReport(workspace, 'out/real.json').outcome, 'applied')
      assert.equal(readlinkSync(workspace.path('report.json')), 'out/real.json')
    }))

  test('named in a config file: beside that file', () =>
    scene(one, async (workspace, url) => {
      workspace.write({ 'deploy/slipway.config.json': '{ "report": "report.json", "dir": "../migrations" }' })
      const result = await slipway(['up', '--config', 'deploy/slipway.config.json'], {
        cwd: workspace.dir,
        env: { SLIPWAY_DATABASE_URL: url },
      })
      assert.equal(result.code, 0, result.stderr)
      assert.equal(readReport(workspace, 'deploy/report.json').outcome, 'applied')
    }))

  test('a run that was killed leaves none, and none of an earlier run', () =>
    scene(one, async (workspace, url) => {
      workspace.write({ 'report.json': 'of an earlier run' })
      const killed = await start(workspace, { url, fault: 'committed' }).done
      assert.equal(killed.signal, 'SIGKILL')
      assert.deepEqual(
        readdirSync(workspace.dir).filter((name) => name.includes('report')),
        [],
      )
    }))

  test('it is never half there', () =>
    scene(one, async (workspace, url) => {
      const running = start(workspace, { url })
      const seen = until(
        'the report is there',
        () => {
          if (!workspace.has('report.json')) return undefined
          return workspace.read('report.json')
        },
        { everyMs: 1 },
      )
      assert.equal((await running.done).code, 0)
      assert.equal(JSON.parse(await seen).exitCode, 0)
    }))

  test('a folder that is gone in the end is told, and changes nothing', () =>
    scene(
      {
        ...one,
        '0002_removes.ts':
          "import { rmSync } from 'node:fs'\nexport const up = () => rmSync('out', { recursive: true })\n",
      },
      async (workspace, url) => {
        mkdirSync(workspace.path('out'))
        const result = await start(workspace, { url, args: ['up', '--report', 'out/report.json'] }).done
        assert.equal(result.code, 0, result.stderr)
        assert.match(result.stderr, /"event":"cleanup-failed","what":"writing the report"/)
      },
    ))
})

const nobody = { uid: 65534, gid: 65534 }
const skip = process.getuid?.() === 0 ? false : 'only root can run as another user'
const row = (name: string, path: string, more: Partial<BadInput> & Pick<BadInput, 'message'>): BadInput => ({
  name,
  exit: 78,
  code: 'report-unwritable',
  argv: ['up', '--report', path],
  hint: /make its folder writable|name another file/,
  ...more,
})

testBadInput([
  row('a folder that is not there: refused before any work', 'no/such/report.json', {
    message:
      /no report can be written to \/.*\/no\/such\/report\.json: its folder does not exist; slipway runs as \d+:\d+$/,
  }),
  row('a folder', 'migrations', { message: /\/migrations: it is a folder/ }),
  row('a folder of somebody else', 'report.json', {
    skip,
    user: nobody,
    message: /EACCES.*; slipway runs as 65534:65534/,
  }),
  row('for exec, too', 'no/such/report.json', {
    argv: ['exec', '--report', 'no/such/report.json', '--', 'true'],
    message: /no report can be written/,
  }),
])

const folder = { 'migrations/0001_a.sql': one['0001_a.sql'] }

/** Exit code, level, code and message. */
async function reportCheck(workspace: Workspace, report: string, user?: typeof nobody): Promise<unknown[]> {
  const { stdout } = await slipway(['doctor', '--json'], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: 'sqlite:app.db', SLIPWAY_REPORT: report },
    ...(user === undefined ? {} : { user }),
  })
  const { checks, exitCode } = JSON.parse(stdout)
  const found = checks.find(({ check }: { check: string }) => check === 'report')
  return [exitCode, found?.level, found?.code, found?.message]
}

test('doctor looks whether the report can be written, and touches nothing', async () => {
  using workspace = createWorkspace({ ...folder, 'old.json': 'of an earlier run' })
  for (const good of ['-', '/dev/stderr', '/dev/null', 'report.json', 'old.json']) {
    const shown = good.startsWith('/') ? good : good === '-' ? 'stdout' : workspace.path(good)
    assert.deepEqual(await reportCheck(workspace, good), [0, 'ok', null, `${shown} can be written`])
  }
  assert.equal(workspace.read('old.json'), 'of an earlier run')
  assert.equal(workspace.has('report.json'), false)
  for (const [bad, why] of [
    ['no/such/report.json', 'its folder does not exist'],
    ['migrations', 'it is a folder'],
  ] as const) {
    const [exitCode, level, code, message] = await reportCheck(workspace, bad)
    assert.deepEqual([exitCode, level, code], [78, 'fail', 'report-unwritable'])
    assert.match(String(message), new RegExp(`${workspace.path(bad)}: ${why}`))
  }
  const { stdout } = await slipway(['doctor', '--json'], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: 'sqlite:app.db' },
  })
  assert.doesNotMatch(stdout, /"report"/)
})

test('a report in a folder of somebody else is a failure to doctor, a mounted file is none', {
  skip,
}, async () => {
  using workspace = createWorkspace({ ...folder, 'mounted.json': '' })
  chmodSync(workspace.dir, 0o755)
  chmodSync(workspace.path('mounted.json'), 0o666)
  const [, level, code, message] = await reportCheck(workspace, 'report.json', nobody)
  assert.deepEqual([level, code], ['fail', 'report-unwritable'])
  assert.match(String(message), /EACCES; slipway runs as 65534:65534/)
  const [, mounted] = await reportCheck(workspace, 'mounted.json', nobody)
  assert.equal(mounted, 'ok')
})

test('a file that can be written in a folder that cannot', { skip }, () =>
  postgresScene(one, async (workspace, db) => {
    workspace.write({ 'report.json': 'old' })
    chmodSync(workspace.dir, 0o755)
    chmodSync(workspace.path('report.json'), 0o666)
    const result = await slipway(['up', '--report', 'report.json'], {
      cwd: workspace.dir,
      user: nobody,
      env: { SLIPWAY_DATABASE_URL: db.url() },
    })
    assert.equal(result.code, 0, result.stderr)
    assert.equal(readReport(workspace).outcome, 'applied')
  }),
)
