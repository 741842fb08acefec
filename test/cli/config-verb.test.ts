/** `slipway config`: every setting, where it came from and what lost; never a secret; also when something is broken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingNames } from '../../src/config/settings.ts'
import { slipway } from '../helpers/cli.ts'
import { testPassword } from '../helpers/password.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const password = testPassword()
const encoded = encodeURIComponent(password)

interface Scene {
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly code?: number
}

interface Answer {
  readonly ok: boolean
  readonly files: readonly string[]
  readonly settings: Readonly<Record<string, Setting>>
  readonly problems: readonly { readonly code: string; readonly message: string }[]
  readonly warnings: readonly { readonly message: string }[]
}

interface Setting {
  readonly value: string | null
  readonly from: readonly string[]
  readonly lost: readonly string[]
  readonly problem: string | null
}

interface JsonSetting {
  readonly name: string
  readonly value: string | null
  readonly from: { text: string }[]
  readonly lost: { text: string }[]
  readonly problem: { message: string } | null
}

/** As JSON; the same as text must end the same way. */
async function ask({
  files = {},
  env = {},
  args = [],
  code = 0,
}: Scene): Promise<Answer & { text: string; dir: string }> {
  using workspace = createWorkspace(files)
  const run = (...more: string[]) => slipway(['config', ...args, ...more], { cwd: workspace.dir, env })
  const [json, text] = await Promise.all([run('--json'), run()])
  for (const result of [json, text]) {
    assert.equal(result.code, code, result.stdout + result.stderr)
    assert.equal(result.stderr, '')
  }
  const answer = JSON.parse(json.stdout)
  assert.deepEqual(
    answer.settings.map(({ name }: { name: string }) => name),
    settingNames,
  )
  const words = (sources: { text: string }[]) => sources.map((source) => source.text)
  return {
    ...answer,
    dir: workspace.dir,
    text: text.stdout,
    settings: Object.fromEntries(
      answer.settings.map((one: JsonSetting) => [
        one.name,
        {
          value: one.value,
          from: words(one.from),
          lost: words(one.lost),
          problem: one.problem?.message ?? null,
        },
      ]),
    ),
  }
}

test('nothing configured: defaults, and no database is no problem', async () => {
  const { ok, settings, text, dir } = await ask({})
  assert.equal(ok, true)
  assert.deepEqual(settings.dir, { value: `${dir}/migrations`, from: [], lost: [], problem: null })
  assert.deepEqual(settings.databaseUrl, { value: null, from: [], lost: [], problem: null })
  assert.match(text, /^SLIPWAY_DATABASE_URL +– +not set$/m)
  assert.match(text, /^SLIPWAY_LOCK_TIMEOUT +10m +default$/m)
  assert.match(text, /^SLIPWAY_SCHEMA +first of search_path +default$/m)
  assert.match(text, /^files read: none$/m)
})

test('every kind of source, strongest first, each over all that are weaker', async () => {
  const everywhere = {
    '.env.production.local': 'SLIPWAY_TABLE=local',
    '.env.production': 'SLIPWAY_TABLE=production',
    '.env.prod': 'SLIPWAY_TABLE_FILE=table.txt',
    '.env': 'SLIPWAY_TABLE=base\nLOG_LEVEL=warning',
    'slipway.config.ts': "export default { table: 'config', dir: 'db', grantSelectTo: ['a b', 'c,d'] }",
    'table.txt': 'from_a_file\n',
  }
  const lost = [
    'SLIPWAY_TABLE in .env.production.local',
    'SLIPWAY_TABLE in .env.production',
    'SLIPWAY_TABLE_FILE (table.txt)',
    'SLIPWAY_TABLE in .env',
    'table in slipway.config.ts',
  ]
  const env = { NODE_ENV: 'prod', SLIPWAY_TABLE: 'variable' }
  const first = await ask({ files: everywhere, env, args: ['--table', 'flag'] })
  assert.deepEqual(first.settings.table, {
    value: 'flag',
    from: ['--table'],
    lost: ['SLIPWAY_TABLE', ...lost],
    problem: null,
  })
  assert.deepEqual(first.files, [
    '.env.production.local',
    '.env.production',
    '.env.prod',
    '.env',
    'slipway.config.ts',
  ])
  assert.deepEqual(first.settings.dir, {
    value: `${first.dir}/db`,
    from: ['dir in slipway.config.ts'],
    lost: [],
    problem: null,
  })
  assert.deepEqual(first.settings.env, { value: 'production', from: ['NODE_ENV'], lost: [], problem: null })
  assert.deepEqual(first.settings.logLevel, {
    value: 'warn',
    from: ['LOG_LEVEL in .env'],
    lost: [],
    problem: null,
  })
  assert.equal(first.settings.grantSelectTo?.value, 'a b, "c,d"')
  assert.equal(first.settings.config?.value, 'slipway.config.ts')

  const second = await ask({ files: everywhere, env: { SLIPWAY_TABLE_FILE: 'table.txt', NODE_ENV: 'prod' } })
  assert.deepEqual(second.settings.table, {
    value: '(in that file, not shown)',
    from: ['SLIPWAY_TABLE_FILE (table.txt)'],
    lost,
    problem: null,
  })
  assert.doesNotMatch(second.text, /from_a_file/)
})

test('the columns stand below each other', async () => {
  const { text } = await ask({
    env: { SLIPWAY_ROLE: 'ein Röllchen "漢"' },
    files: { '.env': 'SLIPWAY_DIR=x' },
  })
  const rows = text.split('\n\n')[0]?.split('\n') ?? []
  assert.equal(rows.length, settingNames.length + 1)
  const [head = ''] = rows
  for (const row of rows.filter((line) => /^[\x20-\x7e]*$/.test(line)))
    assert.match(row.slice(head.indexOf('FROM') - 2), /^ {2}\S/, row)
})

test('what nobody knows is named, with the nearest that there is', async () => {
  const { warnings } = await ask({
    env: { SLIPWAY_TABEL: 'x' },
    files: { '.env': 'SLIPWAY_LOCK_TIMEUOT=1s', 'slipway.config.json': '{ "lockTimout": "1s", "env": "x" }' },
  })
  assert.deepEqual(
    warnings.map(({ message }) => message),
    [
      'unknown setting SLIPWAY_TABEL; did you mean SLIPWAY_TABLE?',
      'unknown setting SLIPWAY_LOCK_TIMEUOT in .env; did you mean SLIPWAY_LOCK_TIMEOUT?',
      'unknown key lockTimout in slipway.config.json; did you mean lockTimeout?',
      'unknown key env in slipway.config.json: it is needed before that file is read; set SLIPWAY_ENV or --env',
    ],
  )
})

/** The helper that runs slipway fails for any spelling of the password, or half of one, in its output. */
const url = `postgres://u:${encoded}@127.0.0.1:1/d`
const hidden: Readonly<Record<string, Scene & { value?: string | null }>> = {
  'in a variable': {
    env: { SLIPWAY_DATABASE_URL: `${url}?sslmode=require` },
    value: 'postgres://u@127.0.0.1:1/d',
  },
  'in what lost': {
    env: { SLIPWAY_DATABASE_URL: 'sqlite:///a.db', DATABASE_URL: url },
    files: { '.env': `DATABASE_URL=${url}`, 'slipway.config.json': JSON.stringify({ databaseUrl: url }) },
    value: 'sqlite:///a.db',
  },
  'in a secret file': {
    env: { DATABASE_URL_FILE: 'secret' },
    files: { secret: `${url}\n` },
    value: 'postgres://u@127.0.0.1:1/d',
  },
  'in the config file': {
    files: { 'slipway.config.ts': `export default { databaseUrl: ${JSON.stringify(url)} }` },
    value: 'postgres://u@127.0.0.1:1/d',
  },
  'in a malformed URL': { env: { DATABASE_URL: `postgers://u:${encoded}@h/d` }, code: 78, value: null },
  'in a URL that is not encoded': {
    env: { DATABASE_URL: `postgres://u:${password}@h/d` },
    code: 78,
    value: null,
  },
  'in a flag': { args: ['--database-url', url], code: 64, value: null },
  'in the place of another setting': { env: { SLIPWAY_TABLE: url, SLIPWAY_ROLE: `u:${encoded}@h` } },
  'in a file of another setting': { env: { SLIPWAY_ROLE_FILE: 'secret' }, files: { secret: password } },
  'in a list': { env: { SLIPWAY_GRANT_SELECT_TO: `a,${url.replaceAll("'", '')}` } },
  'in an unknown key': { files: { 'slipway.config.json': JSON.stringify({ [url]: url }) } },
  'in PGPASSWORD and as a table': { env: { PGPASSWORD: password, SLIPWAY_TABLE: password } },
}

for (const [name, { value, ...scene }] of Object.entries(hidden))
  test(`a password is not shown: ${name}`, async () => {
    if (name === 'in a flag') {
      // The title of the process is searched as well, and shows it, which is why it is refused.
      const scrubbed = { ...scene, args: ['--database-url', 'postgres://u:hunter22x@h/d'] }
      const { text, problems } = await ask(scrubbed)
      assert.doesNotMatch(text, /hunter22x/)
      assert.equal(problems[0]?.code, 'password-in-flag')
      return
    }
    const { settings } = await ask(scene)
    if (value !== undefined) assert.equal(settings.databaseUrl?.value, value)
  })

const broken: Readonly<Record<string, Scene & { name: string; says: RegExp }>> = {
  'a duration': {
    env: { SLIPWAY_LOCK_TIMEOUT: 'soon' },
    name: 'lockTimeout',
    says: /^SLIPWAY_LOCK_TIMEOUT must be a duration/,
  },
  'a choice in .env': {
    files: { '.env': 'SLIPWAY_ON_AHEAD=alow' },
    name: 'onAhead',
    says: /^SLIPWAY_ON_AHEAD in \.env must be one of/,
  },
  'a type in the config file': {
    files: { 'slipway.config.json': '{ "echo": 1 }' },
    name: 'echo',
    says: /^echo in slipway\.config\.json must be true or false/,
  },
  'a secret file that is not there': {
    env: { SLIPWAY_DATABASE_URL_FILE: '/no/such' },
    name: 'databaseUrl',
    says: /which does not exist/,
  },
  'both X and X_FILE': {
    env: { SLIPWAY_TABLE: 'a', SLIPWAY_TABLE_FILE: 'b' },
    name: 'table',
    says: /both SLIPWAY_TABLE and SLIPWAY_TABLE_FILE are set/,
  },
  'a URL': {
    env: { DATABASE_URL: 'nonsense' },
    name: 'databaseUrl',
    says: /^DATABASE_URL does not begin with a scheme/,
  },
  'the name of the environment': {
    env: { SLIPWAY_ENV: '../x' },
    name: 'env',
    says: /^SLIPWAY_ENV must be a plain word/,
  },
}

for (const [what, { name, says, ...scene }] of Object.entries(broken))
  test(`a broken setting is shown with what is wrong, and all others too: ${what}`, async () => {
    const { ok, settings, problems, text } = await ask({ ...scene, code: 78 })
    assert.equal(ok, false)
    assert.equal(problems.length, 1)
    assert.match(settings[name]?.problem ?? '', says)
    assert.equal(settings[name]?.from.length, 1)
    assert.match(text, /✗ broken/)
    assert.match(text, new RegExp(`^✗ .*${says.source.replace(/^\^/, '')}`, 'm'))
    assert.match(text, /^next: /m)
    assert.match(text, /^SLIPWAY_KEEPALIVE +10s +default$/m)
  })

test('a broken config file: the rest is shown', async () => {
  const { problems, settings } = await ask({
    files: { 'slipway.config.ts': 'throw new Error("not today")' },
    env: { SLIPWAY_DIR: '/x' },
    code: 78,
  })
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['bad-config'],
  )
  assert.equal(settings.dir?.value, '/x')
})

test('doctor tells every broken setting, as JSON too, and needs none of the others', async () => {
  using workspace = createWorkspace()
  const env = {
    SLIPWAY_DATABASE_URL: `postgres://app:${encoded}@localhost:1/shop`,
    SLIPWAY_WAIT_TIMEOUT: 'soon',
    SLIPWAY_KEEPALIVE: 'often',
  }
  const told = await slipway(['doctor', '--json'], { env, cwd: workspace.path('.') })
  assert.equal(told.code, 78, told.stderr)
  const { ok, exitCode, checks } = JSON.parse(told.stdout)
  assert.deepEqual([ok, exitCode, checks.length], [false, 78, 2])
  for (const { check, level } of checks) assert.deepEqual([check, level], ['settings', 'fail'])
  const { stdout, code } = await slipway(['doctor'], { env, cwd: workspace.path('.') })
  assert.equal(code, 78)
  assert.match(stdout, /^✗ settings +SLIPWAY_WAIT_TIMEOUT must be .*"soon"$/m)
  assert.match(stdout, /^✗ settings +SLIPWAY_KEEPALIVE must be .*"often"$/m)
})
