import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ConfigInput, loadConfig, requireDatabase } from '../../../src/config/load.ts'
import { secretEnvironmentNames } from '../../../src/config/secret-variables.ts'
import { settingNames, settingOf } from '../../../src/config/settings.ts'
import { isSlipwayError } from '../../../src/errors.ts'

/** Files of the working directory by name, and the rest of the input. */
interface Case extends Partial<Omit<ConfigInput, 'cwd'>> {
  readonly files?: Readonly<Record<string, string>>
}

function load(t: TestContext, { files = {}, flags = {}, env = {}, stderrIsTTY = false }: Case) {
  const cwd = mkdtempSync(join(tmpdir(), 'slipway-config-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return { cwd, config: loadConfig({ flags, env, cwd, stderrIsTTY }) }
}

test('defaults', (t) => {
  const { cwd, config } = load(t, {})
  const { redact, databaseProblem, ...rest } = config
  assert.equal(redact('text'), 'text')
  assert.equal(databaseProblem?.code, 'no-url')
  assert.deepEqual(rest, {
    databaseUrl: undefined,
    scratchUrl: undefined,
    dir: join(cwd, 'migrations'),
    templates: undefined,
    allowEmpty: false,
    concurrency: 4,
    maxFailures: undefined,
    sharedSchemas: [],
    createSchemas: false,
    allowNoTenants: false,
    table: 'schema_migrations',
    schema: undefined,
    role: undefined,
    grantSelectTo: [],
    createDatabase: false,
    waitTimeoutMs: 60_000,
    lockTimeoutMs: 600_000,
    ddlLockTimeoutMs: 500,
    ddlRetryForMs: 600_000,
    statementTimeoutMs: 0,
    maxDurationMs: 0,
    shutdownTimeoutMs: 20_000,
    keepaliveMs: 10_000,
    pooler: 'auto',
    outOfOrder: 'error',
    onAhead: 'allow',
    backupDir: undefined,
    listen: { host: '127.0.0.1', port: 7300 },
    tokenFile: undefined,
    onFailure: 'stay',
    refreshMs: 15_000,
    metricsFile: undefined,
    pushgateway: undefined,
    pushJob: 'slipway',
    report: undefined,
    echo: false,
    logFormat: 'json',
    logLevel: 'info',
    env: undefined,
    warnings: [],
  })
})

test('every variable of the table reaches the config', (t) => {
  const { cwd, config } = load(t, {
    env: {
      SLIPWAY_DATABASE_URL: 'sqlite:a.db',
      SLIPWAY_SCRATCH_URL: 'sqlite::memory:',
      SLIPWAY_DIR: 'db',
      SLIPWAY_TEMPLATES: 'own',
      SLIPWAY_ALLOW_EMPTY: 'Yes',
      SLIPWAY_TENANTS: 'acme, "odd, one"',
      SLIPWAY_SHARD: '1/2',
      SLIPWAY_CONCURRENCY: '16',
      SLIPWAY_MAX_FAILURES: '3',
      SLIPWAY_SHARED_SCHEMAS: 'common',
      SLIPWAY_CREATE_SCHEMAS: 'true',
      SLIPWAY_ALLOW_NO_TENANTS: 'on',
      SLIPWAY_TABLE: 'runs',
      SLIPWAY_SCHEMA: 'ops',
      SLIPWAY_ROLE: 'the owner',
      SLIPWAY_GRANT_SELECT_TO: 'app, "odd, one",',
      SLIPWAY_CREATE_DATABASE: '1',
      SLIPWAY_WAIT_TIMEOUT: '1s',
      SLIPWAY_LOCK_TIMEOUT: '2s',
      SLIPWAY_DDL_LOCK_TIMEOUT: '3s',
      SLIPWAY_DDL_RETRY_FOR: '4s',
      SLIPWAY_STATEMENT_TIMEOUT: '5s',
      SLIPWAY_MAX_DURATION: '8s',
      SLIPWAY_SHUTDOWN_TIMEOUT: '6s',
      SLIPWAY_KEEPALIVE: '0',
      SLIPWAY_POOLER: 'session',
      SLIPWAY_OUT_OF_ORDER: 'warn',
      SLIPWAY_ON_AHEAD: 'allow-breaking',
      SLIPWAY_BACKUP_DIR: 'safe',
      SLIPWAY_REPORT: 'out/run.json',
      SLIPWAY_LISTEN: '[::]:80',
      SLIPWAY_TOKEN_FILE: 'token',
      SLIPWAY_ON_FAILURE: 'exit',
      SLIPWAY_REFRESH: '7s',
      SLIPWAY_METRICS_FILE: 'slipway.prom',
      SLIPWAY_PUSHGATEWAY: 'http://gateway:9091',
      SLIPWAY_PUSH_JOB: 'shop',
      SLIPWAY_ECHO: 'on',
      SLIPWAY_LOG_FORMAT: 'json',
      SLIPWAY_LOG_LEVEL: 'DEBUG',
      SLIPWAY_ENV: 'prod',
    },
    stderrIsTTY: true,
  })
  const { redact: _redact, tenants, ...rest } = config
  assert.equal(tenants?.find().text, 'acme, "odd, one"')
  assert.equal(tenants?.shard?.text, '1/2')
  assert.deepEqual(rest, {
    databaseUrl: { dialect: 'sqlite', path: join(cwd, 'a.db'), shown: `sqlite://${join(cwd, 'a.db')}` },
    scratchUrl: { dialect: 'sqlite', path: ':memory:', shown: 'sqlite::memory:' },
    dir: join(cwd, 'db'),
    templates: join(cwd, 'own'),
    allowEmpty: true,
    concurrency: 16,
    maxFailures: 3,
    sharedSchemas: ['common'],
    createSchemas: true,
    allowNoTenants: true,
    table: 'runs',
    schema: 'ops',
    role: 'the owner',
    grantSelectTo: ['app', 'odd, one'],
    createDatabase: true,
    waitTimeoutMs: 1_000,
    lockTimeoutMs: 2_000,
    ddlLockTimeoutMs: 3_000,
    ddlRetryForMs: 4_000,
    statementTimeoutMs: 5_000,
    maxDurationMs: 8_000,
    shutdownTimeoutMs: 6_000,
    keepaliveMs: 0,
    pooler: 'session',
    outOfOrder: 'warn',
    onAhead: 'allow-breaking',
    backupDir: join(cwd, 'safe'),
    listen: { host: '::', port: 80 },
    tokenFile: join(cwd, 'token'),
    onFailure: 'exit',
    refreshMs: 7_000,
    metricsFile: join(cwd, 'slipway.prom'),
    pushgateway: new URL('http://gateway:9091'),
    pushJob: 'shop',
    report: join(cwd, 'out/run.json'),
    echo: true,
    logFormat: 'json',
    logLevel: 'debug',
    env: 'production',
    warnings: [],
  })
})

test('the config is frozen and the environment untouched', (t) => {
  const before = { ...process.env }
  const { config } = load(t, { files: { '.env': 'SLIPWAY_TABLE=x\nPATH=nowhere' } })
  assert.ok(Object.isFrozen(config))
  assert.deepEqual({ ...process.env }, before)
})

test('a folder named .env, as Python makes them, is no dotenv file', (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'slipway-config-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  mkdirSync(join(cwd, '.env'))
  assert.deepEqual(loadConfig({ flags: {}, env: {}, cwd, stderrIsTTY: false }).warnings, [])
})

test('the dotenv package is loaded only if there is a file to parse', (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'slipway-config-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  assert.equal(loadsDotenv(cwd), false)
  writeFileSync(join(cwd, '.env'), '')
  assert.equal(loadsDotenv(cwd), true)
})

/** In a process of its own, since modules stay loaded. */
function loadsDotenv(cwd: string): boolean {
  const program = `
    import { createRequire } from 'node:module'
    import { loadConfig } from ${JSON.stringify(new URL('../../../src/config/load.ts', import.meta.url).href)}
    loadConfig({ flags: {}, env: {}, cwd: process.cwd(), stderrIsTTY: false })
    const loaded = Object.keys(createRequire(import.meta.url).cache)
    process.stdout.write(String(loaded.some((file) => file.includes('dotenv'))))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd,
    encoding: 'utf8',
  })
  assert.match(stdout, /^(true|false)$/, stderr)
  return stdout === 'true'
}

test('logs are pretty on a terminal', (t) => {
  assert.equal(load(t, { stderrIsTTY: true }).config.logFormat, 'pretty')
})

/** Each source against the next weaker one; the table's name says which one won. */
const precedence: readonly (readonly [string, Case])[] = [
  ['flag', { flags: { table: 'flag' }, env: { SLIPWAY_TABLE: 'env' } }],
  ['flag', { flags: { table: 'flag' }, env: { SLIPWAY_TABLE_FILE: '/does/not/exist' } }],
  [
    'env',
    { env: { SLIPWAY_TABLE: 'env', SLIPWAY_ENV: 'ci' }, files: { '.env.ci.local': 'SLIPWAY_TABLE=local' } },
  ],
  ['env', { env: { SLIPWAY_TABLE: 'env' }, files: { '.env': 'SLIPWAY_TABLE_FILE=missing' } }],
  [
    'file',
    {
      env: { SLIPWAY_TABLE_FILE: 'secret', SLIPWAY_ENV: 'ci' },
      files: { secret: 'file\n', '.env.ci.local': 'SLIPWAY_TABLE=local' },
    },
  ],
  [
    'local',
    {
      env: { SLIPWAY_ENV: 'ci' },
      files: { '.env.ci.local': 'SLIPWAY_TABLE=local', '.env.ci': 'SLIPWAY_TABLE=ci' },
    },
  ],
  [
    'ci',
    { env: { SLIPWAY_ENV: 'ci' }, files: { '.env.ci': 'SLIPWAY_TABLE=ci', '.env': 'SLIPWAY_TABLE=base' } },
  ],
  ['base', { files: { '.env': 'SLIPWAY_TABLE=base' } }],
  ['base', { files: { '.env': '\uFEFFSLIPWAY_TABLE=base\r\n' } }],
  ['file', { env: { SLIPWAY_TABLE_FILE: 'secret' }, files: { secret: '\uFEFFfile\r\n\r\n' } }],
  ['base', { env: { SLIPWAY_TABLE: '' }, files: { '.env': 'SLIPWAY_TABLE=base' } }],
  ['file', { files: { '.env': 'SLIPWAY_TABLE_FILE=secret', secret: 'file' } }],
  ['schema_migrations', { env: { SLIPWAY_TABLE: '' }, files: { '.env': 'SLIPWAY_TABLE=' } }],
  ['schema_migrations', { files: { '.env.ci': 'SLIPWAY_TABLE=ci', '.env.local': 'SLIPWAY_TABLE=local' } }],
]

for (const [winner, input] of precedence)
  test(`precedence: ${winner} wins in ${JSON.stringify(input)}`, (t) => {
    assert.equal(load(t, input).config.table, winner)
  })

/** The environment's name → the `.env` file whose table wins. */
const environments: readonly (readonly [string, Case])[] = [
  ['development', { env: { SLIPWAY_ENV: 'dev' } }],
  ['development', { env: { NODE_ENV: 'development' } }],
  ['production', { env: { ENV: 'prod', NODE_ENV: 'test' } }],
  ['test', { env: { SLIPWAY_ENV: 'test', ENV: 'prod', NODE_ENV: 'prod' } }],
  ['test', { flags: { env: 'test' }, env: { SLIPWAY_ENV: 'prod' } }],
  ['test', { env: { ENV: '/root/.ashrc', NODE_ENV: 'test' } }],
  ['production', { files: { '.env': 'NODE_ENV=production' } }],
]

for (const [name, input] of environments)
  test(`environment ${name} for ${JSON.stringify(input)}`, (t) => {
    const named = Object.fromEntries(
      ['development', 'production', 'test'].map((env) => [`.env.${env}`, `SLIPWAY_TABLE=${env}`]),
    )
    const { config } = load(t, { ...input, files: { ...named, ...input.files } })
    assert.equal(config.env, name)
    assert.equal(config.table, name)
  })

test('both spellings of an environment are read, the long one first', (t) => {
  const files = {
    '.env.dev': 'SLIPWAY_TABLE=short\nSLIPWAY_SCHEMA=short',
    '.env.development': 'SLIPWAY_TABLE=long',
  }
  const { config } = load(t, { env: { NODE_ENV: 'dev' }, files })
  assert.deepEqual([config.table, config.schema], ['long', 'short'])
  const local = load(t, {
    env: { NODE_ENV: 'development' },
    files: { ...files, '.env.dev.local': 'SLIPWAY_TABLE=local' },
  })
  assert.equal(local.config.table, 'local')
})

/** Input → path of the SQLite file that was chosen, relative to the working directory. */
const databases: readonly (readonly [string, Case])[] = [
  ['own', { env: { SLIPWAY_DATABASE_URL: 'sqlite:own', DATABASE_URL: 'sqlite:shared' } }],
  ['own', { env: { DATABASE_URL: 'sqlite:shared' }, files: { '.env': 'SLIPWAY_DATABASE_URL=sqlite:own' } }],
  [
    'own',
    {
      env: { DATABASE_URL: 'sqlite:shared', SLIPWAY_DATABASE_URL_FILE: 's' },
      files: { s: 'sqlite:own\r\n' },
    },
  ],
  ['shared', { env: { DATABASE_URL: 'sqlite:shared' } }],
  ['shared', { env: { SLIPWAY_DATABASE_URL: '', DATABASE_URL: 'sqlite:shared' } }],
  [
    'shared',
    {
      env: { DATABASE_URL_FILE: 's' },
      files: { s: '\uFEFFsqlite:shared\n', '.env': 'DATABASE_URL=sqlite:x' },
    },
  ],
  ['shared', { env: { DATABASE_URL: '', DATABASE_URL_FILE: 's' }, files: { s: 'sqlite:shared' } }],
  ['flag', { flags: { databaseUrl: 'sqlite:flag' }, env: { SLIPWAY_DATABASE_URL: 'sqlite:own' } }],
]

for (const [name, input] of databases)
  test(`database ${name} for ${JSON.stringify(input)}`, (t) => {
    const { cwd, config } = load(t, input)
    const url = requireDatabase(config)
    assert.equal(url.dialect === 'sqlite' ? url.path : undefined, join(cwd, name))
  })

/** Input, code, exit code, message. */
const refused: readonly (readonly [Case, string, number, RegExp])[] = [
  [
    { env: { SLIPWAY_LOCK_TIMEOUT: '5' } },
    'bad-setting',
    78,
    /^SLIPWAY_LOCK_TIMEOUT must be a duration.*"5"/,
  ],
  [{ env: { SLIPWAY_LOCK_TIMEOUT: '597h' } }, 'bad-setting', 78, /at most 596h/],
  [{ files: { '.env': 'SLIPWAY_LOCK_TIMEOUT=5' } }, 'bad-setting', 78, /^SLIPWAY_LOCK_TIMEOUT in \.env must/],
  [{ flags: { lockTimeout: '5' } }, 'bad-value', 64, /^--lock-timeout must be a duration.*"5"/],
  [
    { env: { SLIPWAY_ALLOW_EMPTY: 'perhaps' } },
    'bad-setting',
    78,
    /^SLIPWAY_ALLOW_EMPTY must be true or false.*"perhaps"/,
  ],
  [
    { env: { SLIPWAY_ON_AHEAD: 'alow' } },
    'bad-setting',
    78,
    /^SLIPWAY_ON_AHEAD must be one of allow, error, allow-breaking/,
  ],
  [{ flags: { outOfOrder: 'never' } }, 'bad-value', 64, /^--out-of-order must be one of error, warn, allow/],
  [{ env: { SLIPWAY_LOG_LEVEL: 'loud' } }, 'bad-setting', 78, /^SLIPWAY_LOG_LEVEL must be one of/],
  [{ env: { SLIPWAY_GRANT_SELECT_TO: 'a, "b' } }, 'bad-setting', 78, /must be names separated by commas/],
  [{ env: { SLIPWAY_ENV: '../x' } }, 'bad-setting', 78, /^SLIPWAY_ENV must be a plain word/],
  [
    { env: { SLIPWAY_ON_AHEAD_FILE: 's' }, files: { s: 'hunter2' } },
    'bad-setting',
    78,
    /^SLIPWAY_ON_AHEAD_FILE \(s\) must be one of/,
  ],
  [
    { env: { SLIPWAY_TABLE: 'x', SLIPWAY_TABLE_FILE: 'y' } },
    'secret-twice',
    78,
    /both SLIPWAY_TABLE and SLIPWAY_TABLE_FILE/,
  ],
  [
    { env: { SLIPWAY_TABLE_FILE: 'none' } },
    'secret-unreadable',
    78,
    /SLIPWAY_TABLE_FILE names \/.*none, which does not exist \(we are uid \d+\)/,
  ],
  [
    { flags: { databaseUrl: 'postgres://a:hunter2@db/shop' } },
    'password-in-flag',
    64,
    /^--database-url holds a password/,
  ],
  [
    { flags: { databaseUrl: 'postgres://a@db/shop?password=hunter2' } },
    'password-in-flag',
    64,
    /^--database-url/,
  ],
  [{ flags: { databaseUrl: 'mysql://a:hunter2@db/shop' } }, 'password-in-flag', 64, /^--database-url/],
]

for (const [input, code, exitCode, message] of refused)
  test(`${JSON.stringify(input)} is refused with ${code}`, (t) => {
    const error = catchError(() => load(t, input))
    assert.ok(isSlipwayError(error))
    assert.equal(error.code, code)
    assert.equal(error.exitCode, exitCode)
    assert.match(error.message, message)
    assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/)
  })

/** Only verbs that need a database may fail on these. */
const databaseRefused: readonly (readonly [Case, string, RegExp])[] = [
  [
    {},
    'no-url',
    /SLIPWAY_DATABASE_URL, SLIPWAY_DATABASE_URL_FILE, DATABASE_URL, DATABASE_URL_FILE .*no \.env file/,
  ],
  [{ env: { ENV: 'ci' }, files: { '.env': 'X=1', '.env.ci': 'X=1' } }, 'no-url', /\.env\.ci, \.env in \//],
  [
    { env: { DATABASE_URL: 'mysql://a:hunter2@db/x' } },
    'bad-url',
    /^DATABASE_URL has the unknown scheme mysql:/,
  ],
  [{ files: { '.env': 'DATABASE_URL=mysql://a@b/c' } }, 'bad-url', /^DATABASE_URL in \.env has/],
  [
    { files: { '.env': 'DATABASE_URL=postgres://a:hunter2#x@b/c' } },
    'bad-url',
    /^DATABASE_URL in \.env cannot/,
  ],
  [{ flags: { databaseUrl: 'postgres://db:port/x' } }, 'bad-url', /^--database-url cannot be read: the port/],
  [
    { env: { DATABASE_URL: 'sqlite:a', DATABASE_URL_FILE: 'b' } },
    'secret-twice',
    /both DATABASE_URL and DATABASE_URL_FILE/,
  ],
  [
    { env: { SLIPWAY_DATABASE_URL: 'sqlite:a', SLIPWAY_DATABASE_URL_FILE: 'b' } },
    'secret-twice',
    /both SLIPWAY_DATABASE_URL and SLIPWAY_DATABASE_URL_FILE/,
  ],
  [
    { env: { DATABASE_URL_FILE: '/does/not/exist' } },
    'secret-unreadable',
    /\/does\/not\/exist, which does not exist/,
  ],
  [
    { env: { DATABASE_URL_FILE: '.' } },
    'secret-unreadable',
    /which cannot be read \(EISDIR\): mode 0700, owner \d+:\d+, we are uid \d+/,
  ],
  [
    { env: { DATABASE_URL_FILE: 's/x' }, files: { s: '' } },
    'secret-unreadable',
    /cannot even be looked at \(ENOTDIR\)/,
  ],
  [{ env: { DATABASE_URL_FILE: 's' }, files: { s: '\n' } }, 'secret-unreadable', /which is empty/],
]

for (const [input, code, message] of databaseRefused)
  test(`requireDatabase of ${JSON.stringify(input)} is refused with ${code}`, (t) => {
    const { config } = load(t, input)
    const error = catchError(() => requireDatabase(config))
    assert.ok(isSlipwayError(error))
    assert.equal(error.code, code)
    assert.equal(error.exitCode, 78)
    assert.match(error.message, message)
    assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/)
  })

/** Input → warnings. */
const warned: readonly (readonly [Case, readonly RegExp[]])[] = [
  [
    { env: { SLIPWAY_LOCK_TIMEUOT: '5s' } },
    [/^unknown setting SLIPWAY_LOCK_TIMEUOT; did you mean SLIPWAY_LOCK_TIMEOUT\?$/],
  ],
  [
    { files: { '.env': 'SLIPWAY_TABEL=x' } },
    [/^unknown setting SLIPWAY_TABEL in \.env; did you mean SLIPWAY_TABLE\?$/],
  ],
  [{ env: { SLIPWAY_XYZZY_PLUGH_FROTZ: '1' } }, [/^unknown setting SLIPWAY_XYZZY_PLUGH_FROTZ$/]],
  [{ env: { SLIPWAY_SERVICE_HOST: '10.0.0.1' } }, [/SLIPWAY_SERVICE_HOST/]],
  [
    {
      env: {
        KUBERNETES_SERVICE_HOST: '10.0.0.1',
        SLIPWAY_SERVICE_HOST: '10.0.0.2',
        SLIPWAY_SERVICE_PORT_HTTP: '80',
        SLIPWAY_PORT: 'tcp://10.0.0.2:80',
        SLIPWAY_PORT_80_TCP_ADDR: '10.0.0.2',
      },
    },
    [],
  ],
  [{ env: { SLIPWAY_DATABASE_URL_FILE: 's', OTHER_THING: 'x' }, files: { s: 'sqlite:a' } }, []],
  [
    { env: { DATABASE_URL: 'postgres://a@b/c?pool_timeout=1' } },
    [/^DATABASE_URL: parameters without effect here: pool_timeout$/],
  ],
  [
    { env: { LOG_LEVEL: 'extreme' } },
    [/^LOG_LEVEL is none of silent, error, warn, info, debug; logging at info$/],
  ],
  [{ env: { LOG_LEVEL: 'Warning' } }, []],
]

for (const [input, expected] of warned)
  test(`warnings for ${JSON.stringify(input)}`, (t) => {
    const messages = load(t, input).config.warnings.map(({ message }) => message)
    assert.equal(messages.length, expected.length, messages.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(messages[index] ?? '', pattern)
  })

const levels: readonly (readonly [string, Case])[] = [
  ['error', { env: { SLIPWAY_LOG_LEVEL: 'error', LOG_LEVEL: 'debug' } }],
  ['warn', { env: { LOG_LEVEL: 'WARNING' } }],
  ['debug', { env: { LOG_LEVEL: 'trace' } }],
  ['info', { env: { LOG_LEVEL: 'extreme' } }],
]

for (const [level, input] of levels)
  test(`log level ${level} for ${JSON.stringify(input)}`, (t) => {
    assert.equal(load(t, input).config.logLevel, level)
  })

test('flags and variables of the table are each there once', () => {
  const flags = settingNames.map((name) => settingOf(name).flag)
  const variables = settingNames.map((name) => settingOf(name).variable)
  assert.equal(new Set(flags).size, flags.length)
  assert.deepEqual(
    variables,
    flags.map((flag) => `SLIPWAY_${flag.toUpperCase().replaceAll('-', '_')}`),
  )
})

test('a child process is spared the secrets of slipway', () => {
  const names = ['SLIPWAY_DATABASE_URL', 'SLIPWAY_TENANTS', 'SLIPWAY_PUSHGATEWAY', 'SLIPWAY_SCRATCH_URL']
  assert.deepEqual(
    secretEnvironmentNames(),
    names.flatMap((name) => [name, `${name}_FILE`]),
  )
})

function catchError(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}
