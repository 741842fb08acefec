/** Hooks of slipway.config.*, as processes: when they run, what they are told, and what is left when one fails. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  cliPath,
  nodePath,
  type RunningSlipway,
  type SlipwayResult,
  slipway,
  startSlipway,
} from '../helpers/cli.ts'
import { testPassword } from '../helpers/password.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const migrations = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_b.ts': 'export const up = async ({ sql }) => { await sql`create table b (id integer)` }\n',
  'migrations/0003_c.sql': 'create table c (id integer);\n',
}
const failing = {
  ...migrations,
  'migrations/0002_b.ts': undefined,
  'migrations/0002_b.sql': 'create table a (id integer);\n',
}
/** Writes down what it is told. */
const note =
  'echo "$SLIPWAY_HOOK $SLIPWAY_MIGRATION $SLIPWAY_OUTCOME $SLIPWAY_EXIT_CODE $SLIPWAY_APPLIED" >> hooks.log'
const noting = { beforeAll: note, beforeEach: note, afterEach: note, afterAll: note }

interface Scene {
  readonly dialect: 'postgres' | 'sqlite'
  readonly workspace: Workspace
  /** Of the hooks, as far as they ran. */
  notes(): string[]
  run(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<SlipwayResult>
  start(args?: readonly string[], env?: Readonly<Record<string, string>>): RunningSlipway
  /** Names that history has as applied. */
  applied(): Promise<string[]>
}

type Files = Readonly<Record<string, string | undefined>>

function sceneAt(workspace: Workspace, url: string): Scene {
  const options = (env: Readonly<Record<string, string>> = {}) => ({
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: url, ...env },
  })
  return {
    dialect: url.startsWith('sqlite') ? 'sqlite' : 'postgres',
    workspace,
    notes: () =>
      workspace.has('hooks.log')
        ? workspace.read('hooks.log').trimEnd().replaceAll(/ +$/gm, '').split('\n')
        : [],
    run: (args = ['up'], env) => slipway(args, options(env)),
    start: (args = ['up'], env) => startSlipway(args, options(env)),
    applied: async () => {
      const { stdout } = await slipway(['history', '--json'], options())
      const { migrations: rows } = JSON.parse(stdout) as { migrations: { name: string; state: string }[] }
      return rows.filter(({ state }) => state === 'applied').map(({ name }) => name)
    },
  }
}

/** One test for each kind of database. */
function testBoth(
  name: string,
  { hooks, files = migrations, config }: { hooks?: object; files?: Files; config?: string },
  work: (scene: Scene) => Promise<void>,
): void {
  const all = {
    ...files,
    ...(config === undefined
      ? { 'slipway.config.json': JSON.stringify({ hooks }) }
      : { 'slipway.config.ts': config }),
  }
  const present = Object.fromEntries(
    Object.entries(all).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])),
  )
  test(`SQLite: ${name}`, async () => {
    using workspace = createWorkspace(present)
    await work(sceneAt(workspace, 'sqlite:app.db'))
  })
  test(`PostgreSQL: ${name}`, async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace(present)
    await work(sceneAt(workspace, db.url()))
  })
}

interface Line {
  readonly event?: string
  readonly hook?: string
  readonly line?: string
  readonly message?: string
  readonly what?: string
  readonly error?: {
    readonly code: string
    readonly message: string
    readonly hint?: string
    readonly output?: string
  }
}

const linesOf = ({ stderr }: SlipwayResult): Line[] =>
  stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const errorOf = (result: SlipwayResult) => linesOf(result).at(-1)?.error

describe('when they run', () => {
  testBoth('around what is applied, and not at all where nothing is', { hooks: noting }, async (scene) => {
    const first = await scene.run()
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(scene.notes(), [
      'beforeAll    0',
      'beforeEach 0001_a   0',
      'afterEach 0001_a done 0 1',
      'beforeEach 0002_b   1',
      'afterEach 0002_b done 0 2',
      'beforeEach 0003_c   2',
      'afterEach 0003_c done 0 3',
      'afterAll  done 0 3',
    ])
    const second = await scene.run()
    assert.equal(second.code, 0, second.stderr)
    assert.equal(scene.notes().length, 8)
  })

  testBoth(
    'around what is reverted, and before its backup',
    {
      hooks: {
        ...noting,
        beforeAll: `${note}; echo beforeAll $(ls backups | wc -l) >> seen.log`,
        beforeEach: `${note}; echo $SLIPWAY_VERB $SLIPWAY_DIRECTION "\${SLIPWAY_FILE##*/}" $(ls backups | wc -l) >> seen.log`,
      },
      files: {
        ...migrations,
        'migrations/0003_c.sql':
          '-- migrate:up\ncreate table c (id integer);\n-- migrate:down\ndrop table c;\n',
      },
    },
    async (scene) => {
      assert.equal((await scene.run()).code, 0)
      const before = scene.notes().length
      scene.workspace.write({ 'seen.log': '', 'backups/.keep': '' })
      // The machine's pg_dump may be older than the server.
      const backup = scene.dialect === 'sqlite' ? ['--backup'] : []
      const { code, stderr } = await scene.run(['down', ...backup], { SLIPWAY_BACKUP_DIR: 'backups' })
      assert.equal(code, 0, stderr)
      const seen = ['beforeAll 0', `down down 0003_c.sql ${backup.length}`]
      assert.deepEqual(scene.workspace.read('seen.log').trim().split('\n'), seen)
      assert.deepEqual(scene.notes().slice(before), [
        'beforeAll    0',
        'beforeEach 0003_c   0',
        'afterEach 0003_c done 0 1',
        'afterAll  done 0 1',
      ])
      assert.equal((await scene.run()).code, 0)
      scene.workspace.write({ 'seen.log': '', 'migrations/0003_c.sql': undefined })
      assert.equal((await scene.run(['down', '--from-history'])).code, 0)
      assert.match(scene.workspace.read('seen.log'), /^down down {1,2}\d$/m)
    },
  )
  testBoth(
    'before a baseline is loaded, too',
    {
      hooks: { ...noting, beforeAll: `${note}; test -e ready` },
      files: { ...migrations, 'migrations/baseline.0003.sql': 'create table c (id integer);\n' },
    },
    async (scene) => {
      const refused = await scene.run()
      assert.equal(refused.code, 70, refused.stderr)
      assert.deepEqual(await scene.applied(), [])
      scene.workspace.write({ ready: '' })
      assert.equal((await scene.run()).code, 0)
      assert.deepEqual(scene.notes(), [
        'beforeAll    0',
        'afterAll  failed 70 0',
        'beforeAll    0',
        'afterAll  done 0 3',
      ])
    },
  )
  testBoth(
    'with --single-transaction before it begins and after its end',
    { hooks: noting },
    async (scene) => {
      const result = await scene.run(['up', '--single-transaction'])
      assert.equal(result.code, 0, result.stderr)
      assert.deepEqual(
        scene.notes().map((line) => line.split(' ').slice(0, 2).join(' ').trim()),
        [
          'beforeAll',
          ...['0001_a', '0002_b', '0003_c'].map((name) => `beforeEach ${name}`),
          ...['0001_a', '0002_b', '0003_c'].map((name) => `afterEach ${name}`),
          'afterAll',
        ],
      )
    },
  )

  testBoth('not for a dry run, a refusal, or what is only recorded', { hooks: noting }, async (scene) => {
    assert.equal((await scene.run(['up', '--dry-run'])).code, 0)
    const other = scene.dialect === 'sqlite' ? 'postgres' : 'sqlite'
    scene.workspace.write({
      'migrations/0001_a.sql': undefined,
      'migrations/0002_b.ts': `export const options = { dialects: ['${other}'] }\nexport const up = async () => {}\n`,
      'migrations/0003_c.sql': undefined,
    })
    const skipped = await scene.run()
    assert.equal(skipped.code, 0, skipped.stderr)
    scene.workspace.write({ 'migrations/0002_b.ts': '// edited', 'migrations/0003_c.sql': 'select 1;' })
    assert.equal((await scene.run()).code, 65)
    assert.deepEqual(scene.notes(), [])
  })

  testBoth(
    'after a migration that failed, with what became of it',
    { hooks: noting, files: failing },
    async (scene) => {
      const result = await scene.run()
      assert.equal(result.code, 70, result.stderr)
      assert.deepEqual(scene.notes().slice(3), [
        'beforeEach 0002_b   1',
        'afterEach 0002_b failed 70 1',
        'afterAll  failed 70 1',
      ])
      assert.equal(errorOf(result)?.code, 'migration-failed')
    },
  )
})

describe('one that fails', () => {
  const bad = 'echo one; echo two >&2; exit 3'
  const cases = [
    { hook: 'beforeAll', applied: [], says: /no migration was run$/, notes: ['afterAll'] },
    {
      hook: 'beforeEach',
      applied: [],
      says: /for 0001_a failed: it ended with exit code 3; the migration was not run$/,
      notes: ['beforeAll', 'afterEach 0001_a', 'afterAll'],
    },
    {
      hook: 'afterEach',
      applied: ['0001_a'],
      says: /for 0001_a failed: it ended with exit code 3; the migration stays applied$/,
      notes: ['beforeAll', 'beforeEach 0001_a', 'afterAll'],
    },
    {
      hook: 'afterAll',
      applied: ['0001_a', '0002_b', '0003_c'],
      says: /what was applied stays applied$/,
      notes: undefined,
    },
  ] as const
  for (const { hook, applied, says, notes } of cases)
    testBoth(hook, { hooks: { ...noting, [hook]: bad } }, async (scene) => {
      const result = await scene.run()
      assert.equal(result.code, 70, result.stderr)
      const error = errorOf(result)
      assert.equal(error?.code, 'hook-failed')
      assert.match(error?.message ?? '', says)
      assert.match(error?.message ?? '', new RegExp(`^the hook ${hook}`))
      assert.match(error?.hint ?? '', new RegExp(`correct hooks\\.${hook} in slipway\\.config\\.json`))
      assert.deepEqual(error?.output?.split('\n').sort(), ['one', 'two'])
      assert.deepEqual(await scene.applied(), applied)
      if (notes !== undefined)
        assert.deepEqual(
          scene.notes().map((line) => line.split(' ').slice(0, 2).join(' ').trim()),
          notes,
        )
      scene.workspace.write({ 'slipway.config.json': '{}' })
      const again = await scene.run()
      assert.equal(again.code, 0, again.stderr)
      assert.deepEqual(await scene.applied(), ['0001_a', '0002_b', '0003_c'])
    })

  testBoth(
    'after something that failed, it is a warning',
    {
      files: { 'migrations/0001_a.sql': 'insert into nowhere values (1);\n' },
      hooks: { afterEach: bad, afterAll: bad },
    },
    async (scene) => {
      const result = await scene.run()
      assert.equal(result.code, 70, result.stderr)
      assert.equal(errorOf(result)?.code, 'migration-failed')
      const told = linesOf(result).filter(({ event }) => event === 'cleanup-failed')
      assert.deepEqual(
        told.map(({ what }) => what),
        ['the hook afterEach', 'the hook afterAll'],
      )
    },
  )

  test('it is told to a person with its last lines', async () => {
    using workspace = createWorkspace({
      ...migrations,
      'slipway.config.json': JSON.stringify({ hooks: { beforeAll: 'seq 1 30; exit 9' } }),
    })
    const result = await slipway(['up', '--log-format', 'pretty'], {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: 'sqlite:app.db' },
    })
    assert.equal(result.code, 70)
    assert.match(
      result.stderr,
      /✗ the hook beforeAll failed: it ended with exit code 9; no migration was run/,
    )
    assert.match(result.stderr, /OUTPUT {3}21\n(?:.*\n){8}.*30\n/)
    assert.match(result.stderr, /stopped: no migration was run; 3 not run; exit 70/)
    assert.match(result.stderr, /next: correct hooks\.beforeAll in slipway\.config\.json, then run again/)
  })

  test('command-missing: before anything runs, whichever hook it is', async () => {
    using workspace = createWorkspace({
      ...migrations,
      'slipway.config.json': JSON.stringify({ hooks: { ...noting, afterAll: ['no-such-command', 'x'] } }),
    })
    const scene = sceneAt(workspace, 'sqlite:app.db')
    const result = await scene.run()
    assert.equal(result.code, 78, result.stderr)
    assert.equal(errorOf(result)?.code, 'command-missing')
    assert.match(
      errorOf(result)?.message ?? '',
      /^hooks\.afterAll in slipway\.config\.json: no-such-command was not found on the PATH/,
    )
    assert.deepEqual([scene.notes(), await scene.applied()], [[], []])
  })

  const shapes: readonly [value: unknown, message: RegExp][] = [
    ['pg_dump', /^hooks in slipway\.config\.json must be an object/],
    [{ beforeall: 'x' }, /has an unknown hook beforeall$/],
    [{ beforeAll: [] }, /^hooks\.beforeAll in .* must be a command/],
    [{ beforeAll: [1] }, /must be a command/],
    [{ beforeAll: { command: 'x', timeout: '5' } }, /timeout must be a duration/],
    [{ beforeAll: { command: 'x', deadline: '5s' } }, /has an unknown key deadline$/],
    [{ beforeAll: { command: 'x', database: 'yes' } }, /database must be true or false/],
  ]
  for (const [value, message] of shapes)
    test(`a shape that is none: ${JSON.stringify(value)}`, async () => {
      using workspace = createWorkspace({
        ...migrations,
        'slipway.config.json': JSON.stringify({ hooks: value }),
      })
      const result = await sceneAt(workspace, 'sqlite:app.db').run()
      assert.equal(result.code, 78, result.stderr)
      assert.equal(errorOf(result)?.code, 'bad-setting')
      assert.match(errorOf(result)?.message ?? '', message)
    })
})

describe('one that hangs', () => {
  /** With a child that has no ears for SIGTERM, and a pid of each to look for. */
  const hang =
    'echo $$ > outer.pid; sh -c \'trap "" TERM; echo $$ > inner.pid; sleep 600 & wait\' & sleep 600'
  const pidIn = (workspace: Workspace, file: string) => Number(readFileSync(workspace.path(file), 'utf8'))
  const isAlive = (pid: number) => {
    try {
      process.kill(pid, 0)
      // A zombie that nobody reaps is no more alive than none.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }
  const started = ({ workspace }: Scene) =>
    until('the hook runs', () => existsSync(workspace.path('inner.pid')) && pidIn(workspace, 'inner.pid') > 0)
  const expectGone = async ({ workspace }: Scene) => {
    for (const file of ['outer.pid', 'inner.pid']) {
      const pid = pidIn(workspace, file)
      await until(`${file} is gone`, () => !isAlive(pid))
    }
  }

  testBoth(
    'is ended at its deadline, with all that it started',
    {
      hooks: { beforeAll: { command: hang, timeout: '300ms' } },
    },
    async (scene) => {
      const result = await scene.run()
      assert.equal(result.code, 70, result.stderr)
      assert.match(
        errorOf(result)?.message ?? '',
        /it did not end within 300 ms and was ended; no migration was run$/,
      )
      await expectGone(scene)
      assert.deepEqual(await scene.applied(), [])
    },
  )

  testBoth(
    'is ended by SIGTERM, and what stands after it is run',
    {
      hooks: { ...noting, beforeEach: hang },
    },
    async (scene) => {
      const running = scene.start()
      await started(scene)
      running.kill('SIGTERM')
      const result = await running.done
      assert.equal(result.code, 143, result.stderr)
      await expectGone(scene)
      assert.deepEqual(scene.notes().slice(1), ['afterEach 0001_a stopped 143 0', 'afterAll  stopped 143 0'])
      assert.deepEqual(await scene.applied(), [])
    },
  )

  test('is ended when the shutdown timeout ends the process, and by a second signal', async () => {
    for (const env of [{ SLIPWAY_SHUTDOWN_TIMEOUT: '100ms' }, { SLIPWAY_SHUTDOWN_TIMEOUT: '10m' }]) {
      using workspace = createWorkspace({
        ...migrations,
        'slipway.config.json': JSON.stringify({
          hooks: { afterAll: `trap "" TERM; ${hang}; sleep 600`, beforeEach: 'exit 1' },
        }),
      })
      const scene = sceneAt(workspace, 'sqlite:app.db')
      const running = scene.start(['up'], env)
      await started(scene)
      running.kill('SIGTERM')
      if (env.SLIPWAY_SHUTDOWN_TIMEOUT === '10m') {
        await running.waitForOutput(/SIGTERM received/)
        running.kill('SIGTERM')
      }
      assert.equal((await running.done).code, 143)
      await expectGone(scene)
    }
  })

  test('a command that leaves a process behind with its output open has ended all the same', async () => {
    using workspace = createWorkspace({
      ...migrations,
      'slipway.config.json': JSON.stringify({
        hooks: { beforeAll: 'sleep 600 & echo $! > inner.pid; echo said' },
      }),
    })
    const scene = sceneAt(workspace, 'sqlite:app.db')
    const result = await scene.run()
    try {
      assert.equal(result.code, 0, result.stderr)
      assert.ok(linesOf(result).some(({ line }) => line === 'said'))
    } finally {
      process.kill(pidIn(workspace, 'inner.pid'))
    }
  })

  test('a function is given up at its deadline, and told', async () => {
    using workspace = createWorkspace({
      ...migrations,
      'slipway.config.ts': `import { writeFileSync } from 'node:fs'
import type { SlipwayConfig } from 'slipway'
export default {
  hooks: {
    beforeAll: {
      run: ({ signal }) => new Promise(() => signal.addEventListener('abort', () => writeFileSync('told', ''))),
      timeout: '200ms',
    },
  },
} satisfies SlipwayConfig
`,
    })
    const result = await sceneAt(workspace, 'sqlite:app.db').run()
    assert.equal(result.code, 70, result.stderr)
    assert.match(errorOf(result)?.message ?? '', /it did not end within 200 ms; a function cannot be ended/)
    assert.ok(workspace.has('told'))
  })
})

describe('the run lock', () => {
  testBoth(
    'is held while a hook runs; nobody is in a transaction',
    {
      hooks: { beforeEach: 'touch here; while [ ! -e go ]; do sleep 0.05; done' },
    },
    async (scene) => {
      const first = scene.start()
      await until('the hook runs', () => scene.workspace.has('here'))
      const second = await scene.run(['up'], { SLIPWAY_LOCK_TIMEOUT: '200ms' })
      assert.equal(second.code, 75, second.stderr)
      assert.equal(errorOf(second)?.code, 'lock-timeout')
      // Reading and writing go on: history is read, and nothing of slipway's is open.
      assert.deepEqual(await scene.applied(), [])
      scene.workspace.write({ go: '' })
      assert.equal((await first.done).code, 0)
      assert.deepEqual(await scene.applied(), ['0001_a', '0002_b', '0003_c'])
    },
  )

  test('PostgreSQL: between two migrations no transaction is open, nor anything sent ahead', async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace({
      'migrations/0001_a.sql': migrations['migrations/0001_a.sql'],
      'migrations/0002_c.sql': migrations['migrations/0003_c.sql'],
      'slipway.config.json': JSON.stringify({
        hooks: { afterEach: 'touch "at-$SLIPWAY_MIGRATION"; while [ ! -e go ]; do sleep 0.05; done' },
      }),
    })
    const running = sceneAt(workspace, db.url()).start()
    await until('the hook runs', () => workspace.has('at-0001_a'))
    const sessions = await db.query(
      "select state, xact_start from pg_stat_activity where datname = current_database() and application_name like 'slipway%'",
    )
    assert.deepEqual(sessions, [{ state: 'idle', xact_start: null }])
    assert.deepEqual(await db.query("select to_regclass('c') as c"), [{ c: null }])
    workspace.write({ go: '' })
    assert.equal((await running.done).code, 0)
  })
})

describe('what they are told', () => {
  const show = 'env | sort | grep -E "^(SLIPWAY_|DATABASE_URL|PG)" > env.txt; pwd > pwd.txt'

  testBoth(
    'nothing of the database, unless they ask',
    {
      hooks: { beforeEach: show, beforeAll: { command: 'env | sort > asked.txt', database: true } },
    },
    async (scene) => {
      const result = await scene.run(['up', '--steps', '1'], {
        PGPASSWORD: 'another-secret-1',
        SLIPWAY_DIR: 'migrations',
      })
      assert.equal(result.code, 0, result.stderr)
      const env = scene.workspace.read('env.txt')
      assert.doesNotMatch(env, /DATABASE_URL|PGPASSWORD|another-secret/)
      assert.ok(!env.includes(testPassword()))
      assert.match(env, /^SLIPWAY_DIR=migrations$/m)
      assert.match(env, /^SLIPWAY_HOOK=beforeEach$/m)
      assert.match(env, /^SLIPWAY_VERB=up$/m)
      assert.match(env, /^SLIPWAY_DIRECTION=up$/m)
      assert.match(env, /^SLIPWAY_DIALECT=(postgres|sqlite)$/m)
      assert.match(env, /^SLIPWAY_RUN_ID=[0-9a-f-]{36}$/m)
      assert.match(env, /^SLIPWAY_FILE=\/.*\/migrations\/0001_a\.sql$/m)
      assert.match(env, /^SLIPWAY_OUTCOME=$/m)
      assert.match(scene.workspace.read('asked.txt'), /^SLIPWAY_DATABASE_URL=(postgres|sqlite):/m)
    },
  )

  test('the database that a hook asked for can be used: slipway itself, and libpq’s variables', async () => {
    await using db = await createTestDatabase(newestMajor)
    using workspace = createWorkspace({
      ...migrations,
      'status.sh': `"$1" "$2" status --json > status.json && env | grep ^PG | sort > pg.txt\n`,
      'slipway.config.json': JSON.stringify({
        hooks: { afterEach: { command: ['sh', 'status.sh', nodePath, cliPath], database: true } },
      }),
    })
    const result = await sceneAt(workspace, db.url()).run(['up', '--steps', '2'])
    assert.equal(result.code, 0, result.stderr)
    const status = JSON.parse(workspace.read('status.json')) as { current: string; warnings: unknown[] }
    assert.deepEqual([status.current, status.warnings], ['0002_b', []])
    const { host, port, username, password, pathname } = new URL(db.url())
    const variables = workspace.read('pg.txt')
    for (const line of [
      `PGHOST=${host.split(':')[0]}`,
      `PGPORT=${port}`,
      `PGUSER=${username}`,
      `PGPASSWORD=${decodeURIComponent(password)}`,
      `PGDATABASE=${pathname.slice(1)}`,
    ])
      assert.ok(variables.split('\n').includes(line), line.replace(/=.*/, ''))
  })

  testBoth(
    'what they print is hidden where it is secret',
    {
      hooks: {
        // The echo of some shells makes an escape of a backslash and the letter after it: another text.
        beforeAll: {
          command: 'printf "%s\\n" "the URL is $SLIPWAY_DATABASE_URL $PGPASSWORD"; exit 1',
          database: true,
        },
      },
    },
    async (scene) => {
      const result = await scene.run()
      assert.equal(result.code, 70)
      assert.ok(
        !result.stderr.includes(testPassword()) &&
          !result.stderr.includes(encodeURIComponent(testPassword())),
      )
      assert.match(linesOf(result).find(({ event }) => event === 'hook-output')?.line ?? '', /^the URL is /)
    },
  )

  testBoth(
    'functions, with what they import, and one that throws',
    {
      config: `import type { HookFacts, SlipwayConfig } from 'slipway'
import { note } from './notes.ts'
export default {
  hooks: {
    beforeAll: note,
    beforeEach: async (facts) => { (await import('./late.ts')).late(facts) },
    afterEach: ({ migration, applied, outcome, log }: HookFacts) => {
      log(\`\${migration} \${outcome}: \${applied.join(' ')}\`)
      if (migration === '0002_b') throw new Error('enough')
    },
  },
} satisfies SlipwayConfig
`,
      files: {
        ...migrations,
        'notes.ts': `import { appendFileSync } from 'node:fs'
export const note = ({ hook, migration = '' }: { hook: string; migration?: string }): void => appendFileSync('hooks.log', hook + ' ' + migration + '\\n')
`,
        'late.ts': "import { note } from './notes.ts'\nexport const late = note\n",
      },
    },
    async (scene) => {
      const result = await scene.run()
      assert.equal(result.code, 70, result.stderr)
      assert.match(
        errorOf(result)?.message ?? '',
        /^the hook afterEach for 0002_b failed: enough; the migration stays applied$/,
      )
      assert.deepEqual(scene.notes(), ['beforeAll', 'beforeEach 0001_a', 'beforeEach 0002_b'])
      assert.ok(linesOf(result).some(({ line }) => line === '0001_a done: 0001_a'))
      assert.deepEqual(await scene.applied(), ['0001_a', '0002_b'])
    },
  )

  test('the folder of the config file is where they run', async () => {
    using workspace = createWorkspace({
      ...migrations,
      'db/run.sh': 'pwd > where.txt\n',
      'db/slipway.config.json': JSON.stringify({
        dir: '../migrations',
        hooks: { beforeAll: ['sh', './run.sh'] },
      }),
    })
    const result = await sceneAt(workspace, 'sqlite:app.db').run(['up', '--config', 'db/slipway.config.json'])
    assert.equal(result.code, 0, result.stderr)
    assert.match(workspace.read('db/where.txt'), /\/db\n$/)
  })
})

describe('afterNew', () => {
  const formatting = (command: unknown) => ({
    'slipway.config.json': JSON.stringify({ hooks: { afterNew: command } }),
    'format.sh': 'printf "%s\\n" "$@" > args.txt; printf -- "-- formatted\\n" >> "$2"\n',
  })

  test('formats the new file, which is the last argument of a command', async () => {
    using workspace = createWorkspace(formatting(['sh', './format.sh', '--write']))
    const result = await slipway(['new', 'add things', '--sql'], { cwd: workspace.dir })
    assert.equal(result.code, 0, result.stderr)
    assert.match(result.stdout, /^migrations\/\d+_add_things\.sql\n$/)
    assert.match(workspace.read(result.stdout.trim()), /-- formatted\n$/)
    assert.match(workspace.read('args.txt'), /^--write\n\/.*\/migrations\/\d+_add_things\.sql\n$/)
  })

  test('and the variable SLIPWAY_FILE of a text for the shell', async () => {
    using workspace = createWorkspace(formatting('sh ./format.sh x "$SLIPWAY_FILE"'))
    const result = await slipway(['new', 'x'], { cwd: workspace.dir })
    assert.equal(result.code, 0, result.stderr)
    assert.match(workspace.read(result.stdout.trim()), /-- formatted\n$/)
  })

  test('one that fails leaves the file, and says so', async () => {
    using workspace = createWorkspace(formatting(['sh', '-c', 'echo no such style >&2; exit 4']))
    const result = await slipway(['new', 'x'], { cwd: workspace.dir })
    assert.equal(result.code, 70, result.stderr)
    assert.match(result.stdout, /^migrations\/\d+_x\.ts\n$/)
    assert.ok(workspace.has(result.stdout.trim()))
    assert.match(
      errorOf(result)?.message ?? '',
      /^the hook afterNew for .*_x\.ts failed: it ended with exit code 4; the file stays as it was written$/,
    )
    assert.equal(errorOf(result)?.output, 'no such style')
  })

  test('is no hook of a run', async () => {
    using workspace = createWorkspace({ ...migrations, ...formatting(['no-such-command']) })
    const result = await sceneAt(workspace, 'sqlite:app.db').run()
    assert.equal(result.code, 0, result.stderr)
  })
})
