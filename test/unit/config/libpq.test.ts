/** What stands around a URL, or instead of one: PG* variables, service files, password files. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig, requireDatabase } from '../../../src/config/load.ts'
import type { Environment } from '../../../src/config/sources.ts'
import type { PostgresUrl } from '../../../src/config/url.ts'
import { isSlipwayError } from '../../../src/errors.ts'
import { createWorkspace, type Workspace } from '../../helpers/workspace.ts'

let workspace: Workspace
beforeEach(() => {
  workspace = createWorkspace()
})
afterEach(() => workspace[Symbol.dispose]())

type Files = Readonly<Record<string, string>>

interface Setting {
  readonly env?: Environment
  /** Below the workspace, which is the home folder too; mode 0600. */
  readonly files?: Files
  readonly modes?: Readonly<Record<string, number>>
  readonly flags?: Readonly<Record<string, string>>
}

function load({ env = {}, files = {}, modes = {}, flags = {} }: Setting): Config {
  for (const [name, text] of Object.entries(files)) {
    const path = workspace.path(name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text.replaceAll('HOME', workspace.dir))
    chmodSync(path, modes[name] ?? 0o600)
  }
  const variables = Object.entries(env).map(([name, text]) => [name, text?.replaceAll('HOME', workspace.dir)])
  return loadConfig({
    flags,
    env: { HOME: workspace.dir, ...Object.fromEntries(variables) },
    cwd: workspace.dir,
    stderrIsTTY: false,
  })
}

function postgres(setting: Setting): PostgresUrl {
  const url = requireDatabase(load(setting))
  assert.equal(url.dialect, 'postgres')
  return url as PostgresUrl
}

/** The URL as it is shown, with the password of each host. */
function summary(setting: Setting): string {
  const { shown, hosts } = postgres(setting)
  return `${shown} ${hosts.map(({ password }) => password ?? '-').join(',')}`
}

function refusal(setting: Setting): { code: string; message: string; hint: string } {
  try {
    requireDatabase(load(setting))
  } catch (error) {
    assert.ok(isSlipwayError(error), String(error))
    const { code, message, hint, exitCode } = error
    assert.equal(exitCode, 78)
    return { code, message: message.replaceAll(workspace.dir, 'HOME'), hint }
  }
  return assert.fail('nothing was refused')
}

const shop = '[shop]\nhost=db\nport=6543\nuser=app\npassword=hunter2\ndbname=shop\n'
const url = 'postgres://app@db/shop'

const found: readonly (readonly [string, Setting, string])[] = [
  [
    'PGHOST alone names a database: that of the user',
    { env: { PGHOST: 'db', PGUSER: 'app' } },
    'postgres://app@db:5432/app -',
  ],
  [
    'PGDATABASE alone',
    { env: { PGDATABASE: 'shop', PGUSER: 'app', PGHOST: 'db' } },
    'postgres://app@db:5432/shop -',
  ],
  [
    'all of them',
    { env: { PGHOST: 'db', PGPORT: '6543', PGUSER: 'app', PGPASSWORD: 'hunter2', PGDATABASE: 'shop' } },
    'postgres://app@db:6543/shop hunter2',
  ],
  [
    'several hosts',
    { env: { PGHOST: 'one,two', PGPORT: '1,2', PGUSER: 'app', PGDATABASE: 'shop' } },
    'postgres://app@one:1,two:2/shop -,-',
  ],
  [
    'in dotenv files, each variable from the strongest',
    {
      env: { PGPORT: '1' },
      files: {
        '.env': 'PGHOST=db\nPGPORT=2\nPGUSER=weak\nPGDATABASE=shop',
        '.env.dev': 'PGUSER=app\nPGPASSWORD=hunter2',
      },
      flags: { env: 'dev' },
    },
    'postgres://app@db:1/shop hunter2',
  ],
  [
    'an empty variable is none',
    { env: { PGHOST: '', PGDATABASE: 'shop', PGUSER: 'app', PGHOSTADDR: '10.0.0.1' } },
    'postgres://app@10.0.0.1:5432/shop -',
  ],
  [
    'a URL is completed',
    {
      env: {
        DATABASE_URL: 'postgres://db',
        PGUSER: 'app',
        PGPASSWORD: 'hunter2',
        PGDATABASE: 'shop',
        PGPORT: '6543',
        PGHOST: 'other',
      },
    },
    'postgres://app@db:6543/shop hunter2',
  ],
  [
    'a URL wins',
    {
      env: {
        DATABASE_URL: 'postgres://app:mine@db:1/shop',
        PGUSER: 'x',
        PGPASSWORD: 'hunter2',
        PGDATABASE: 'x',
        PGPORT: '2',
      },
    },
    'postgres://app@db:1/shop mine',
  ],
  [
    'a URL of several hosts has its ports, the usual one included',
    { env: { DATABASE_URL: 'postgres://app@one,two/shop', PGPORT: '6543' } },
    'postgres://app@one:5432,two:5432/shop -,-',
  ],
  [
    'a URL in a flag gets its password from elsewhere',
    { flags: { databaseUrl: url }, env: { PGPASSWORD: 'hunter2' } },
    'postgres://app@db:5432/shop hunter2',
  ],
  [
    'PGPASSWORD_FILE',
    { env: { DATABASE_URL: url, PGPASSWORD_FILE: 'HOME/secret' }, files: { secret: 'hunter2\n' } },
    'postgres://app@db:5432/shop hunter2',
  ],
  [
    'a service',
    { env: { PGSERVICE: 'shop' }, files: { '.pg_service.conf': shop } },
    'postgres://app@db:6543/shop hunter2',
  ],
  [
    'a service in the URL',
    { env: { DATABASE_URL: 'postgres://?service=shop' }, files: { '.pg_service.conf': shop } },
    'postgres://app@db:6543/shop hunter2',
  ],
  [
    'a URL wins over a service, and a service over variables',
    {
      env: { DATABASE_URL: 'postgres://other/?service=shop', PGUSER: 'x', PGDATABASE: 'x' },
      files: { '.pg_service.conf': shop },
    },
    'postgres://app@other:6543/shop hunter2',
  ],
  [
    'PGSERVICEFILE, comments, blanks at the ends, the first of two',
    {
      env: { PGSERVICE: 'shop', PGSERVICEFILE: 'HOME/services' },
      files: {
        services: `# all\n[x]\nnonsense\n  [shop]  \n\n  host=db \t\n# port=1\nport=2\nport=3\nuser=app\ndbname=a b=c\n[shop]\nport=4\n`,
      },
    },
    'postgres://app@db:2/a%20b%3Dc -',
  ],
  [
    'PGSYSCONFDIR after a file without the service',
    {
      env: { PGSERVICE: 'shop', PGSYSCONFDIR: 'HOME/etc' },
      files: { '.pg_service.conf': '[other]\n', 'etc/pg_service.conf': shop },
    },
    'postgres://app@db:6543/shop hunter2',
  ],
  [
    'keywords of libpq without effect here are no error',
    { env: { PGSERVICE: 'shop' }, files: { '.pg_service.conf': `${shop}keepalives=0\n` } },
    'postgres://app@db:6543/shop hunter2',
  ],
]

for (const [name, setting, expected] of found)
  test(name, () => {
    assert.equal(summary(setting), expected)
    if (expected.includes('hunter2')) assert.equal(load(setting).redact('tried hunter2'), 'tried ***')
  })

/** A line of the password file, and whether it is that of `app` on port 5432 of db, database shop. */
const lines: readonly (readonly [string, string])[] = [
  ['db:5432:shop:app:hunter2', 'hunter2'],
  ['*:*:*:*:hunter2', 'hunter2'],
  ['*:*:*:*:hunter2\r', 'hunter2'],
  ['*:*:*:*:hun\\:ter\\\\2', 'hun:ter\\2'],
  ['*:*:*:*:hunter2\\', 'hunter2\\'],
  ['*:*:*:*:hunter2:more', 'hunter2'],
  ['*:*:*:*: hunter2 ', ' hunter2 '],
  ['d\\b:5432:shop:app:hunter2', 'hunter2'],
  ['other:*:*:*:x\n*:*:*:*:hunter2', 'hunter2'],
  ['*:*:*:*:hunter2\n*:*:*:*:x', 'hunter2'],
  ['#*:*:*:*:x\n\n*:*:*\n*:*:*:*:hunter2', 'hunter2'],
  ['*:*:*:*:\n*:*:*:*:x', '-'],
  ['other:*:*:*:x', '-'],
  ['*:6543:*:*:x', '-'],
  ['*:*:other:*:x', '-'],
  ['*:*:*:other:x', '-'],
  ['d*:*:*:*:x', '-'],
  ['\\*:*:*:*:x', '-'],
  [' *:*:*:*:x', '-'],
  ['*:*:*:*', '-'],
]

for (const [line, expected] of lines)
  test(`password file: ${JSON.stringify(line)}`, () => {
    const setting = { env: { DATABASE_URL: url }, files: { '.pgpass': `${line}\n` } }
    assert.equal(summary(setting), `postgres://app@db:5432/shop ${expected}`)
    assert.deepEqual(load(setting).warnings, [])
  })

test('each host has the password of its own line', () => {
  const files = { '.pgpass': 'one:*:*:*:1st\ntwo:6543:*:*:2nd\nlocalhost:*:*:*:3rd\n' }
  const env = {
    DATABASE_URL: 'postgres://app@/shop?host=one,two,/var/run/postgresql,/srv,four&port=,6543,,,',
  }
  assert.match(summary({ env, files }), / 1st,2nd,3rd,-,-$/)
})

test('the host is what is looked for, the address only without one', () => {
  const files = { '.pgpass': 'db:*:*:*:name\n10.0.0.1:*:*:*:address\n' }
  const by = (text: string) => summary({ env: { DATABASE_URL: text }, files })
  assert.match(by('postgres://app@db/shop?hostaddr=10.0.0.1'), / name$/)
  assert.match(by('postgres://app@/shop?hostaddr=10.0.0.1'), / address$/)
})

test('which password counts', () => {
  const files = {
    '.pgpass': '*:*:*:*:file',
    named: '*:*:*:*:named',
    '.pg_service.conf': '[s]\npassword=service\n',
  }
  const by = (text: string, env: Environment = {}) => summary({ env: { DATABASE_URL: text, ...env }, files })
  assert.match(by('postgres://app:url@db/shop', { PGPASSWORD: 'variable' }), / url$/)
  assert.match(by(`${url}?service=s`, { PGPASSWORD: 'variable' }), / service$/)
  assert.match(by(url, { PGPASSWORD: 'variable' }), / variable$/)
  assert.match(by(url, { PGPASSFILE: 'HOME/named' }), / named$/)
  assert.match(by(`${url}?passfile=named`), / named$/)
  assert.match(by(url), / file$/)
})

const ignored: readonly (readonly [string, Setting, RegExp])[] = [
  [
    'others can read it',
    { files: { '.pgpass': '*:*:*:*:hunter2' }, modes: { '.pgpass': 0o640 } },
    /^HOME\/\.pgpass, which others can read \(mode 0640, owner \d+:\d+, we are uid \d+\) and must have mode 0600; it was ignored$/,
  ],
  [
    'it is a folder',
    { files: { '.pgpass/x': '' } },
    /^HOME\/\.pgpass, which is not a plain file; it was ignored$/,
  ],
  [
    'it is named and not there',
    { env: { PGPASSFILE: 'HOME/nothing' } },
    /^PGPASSFILE names HOME\/nothing, which does not exist \(we are uid \d+\); it was ignored$/,
  ],
]

for (const [why, setting, message] of ignored)
  test(`a password file is ignored, and that is said: ${why}`, () => {
    const all = { ...setting, env: { DATABASE_URL: url, ...setting.env } }
    assert.equal(summary(all), 'postgres://app@db:5432/shop -')
    const [warning, ...more] = load(all).warnings
    assert.deepEqual([warning?.code, more], ['password-file', []])
    assert.match(warning?.message.replaceAll(workspace.dir, 'HOME') ?? '', message)
    const given = { ...all, env: { ...all.env, PGPASSWORD: 'hunter2' } }
    assert.deepEqual(load(given).warnings, [], 'it was not looked at')
  })

test('parameters of a session come from variables and services too', () => {
  const env = {
    PGHOST: 'db',
    PGUSER: 'app',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: 'ca.pem',
    PGTARGETSESSIONATTRS: 'primary',
    PGCONNECT_TIMEOUT: '3',
    PGAPPNAME: 'shop',
    PGOPTIONS: '-c geqo=off',
    PGREQUIREAUTH: 'scram-sha-256',
  }
  const { tls, target, connectTimeoutMs, applicationName, options, allowedAuth } = postgres({ env })
  assert.deepEqual(
    { tls, target, connectTimeoutMs, applicationName, options, allowedAuth },
    {
      tls: {
        mode: 'verify-full',
        rootCert: workspace.path('ca.pem'),
        defaults: workspace.path('.postgresql'),
      },
      target: 'primary',
      connectTimeoutMs: 3000,
      applicationName: 'shop',
      options: '-c geqo=off',
      allowedAuth: ['scram-sha-256'],
    },
  )
  const files = { '.pg_service.conf': '[s]\nsslmode=disable\ntarget_session_attrs=any\n' }
  const other = postgres({ env: { ...env, PGSERVICE: 's' }, files })
  assert.deepEqual([other.tls.mode, other.target, other.connectTimeoutMs], ['disable', 'any', 3000])
  assert.equal(postgres({ env: { PGHOST: 'db', PGREQUIRESSL: '1', PGUSER: 'a' } }).tls.mode, 'require')
})

const refused: readonly (readonly [string, Setting, string, RegExp, RegExp?])[] = [
  [
    'nothing names a database',
    { env: { PGUSER: 'app', PGPASSWORD: 'hunter2', PGSSLMODE: 'require', PGPORT: '1' } },
    'no-url',
    /PGHOST, PGHOSTADDR, PGDATABASE, PGSERVICE in the environment/,
  ],
  [
    'a wrong variable',
    { env: { PGHOST: 'db', PGSSLMODE: 'requier' } },
    'bad-setting',
    /^PGSSLMODE has an unknown sslmode/,
    /sslmode=require/,
  ],
  [
    'a wrong variable of a dotenv file',
    { env: { PGHOST: 'db' }, files: { '.env': 'PGPORT=hunter2' } },
    'bad-setting',
    /^PGPORT in \.env cannot be used: the port is not a number/,
    /PGPORT in \.env/,
  ],
  [
    'a wrong variable beside a URL',
    { env: { DATABASE_URL: url, PGCONNECT_TIMEOUT: 'hunter2' } },
    'bad-setting',
    /^PGCONNECT_TIMEOUT has a connect_timeout/,
  ],
  [
    'both passwords',
    { env: { PGHOST: 'db', PGPASSWORD: 'hunter2', PGPASSWORD_FILE: 'HOME/x' } },
    'secret-twice',
    /^both PGPASSWORD and PGPASSWORD_FILE are set$/,
  ],
  [
    'a password file of ours that is not there',
    { env: { PGHOST: 'db', PGPASSWORD_FILE: 'HOME/x' } },
    'secret-unreadable',
    /^PGPASSWORD_FILE names HOME\/x, which does not exist/,
  ],
  [
    'a service that is not there: the nearest',
    { env: { PGSERVICE: 'shpo' }, files: { '.pg_service.conf': shop } },
    'bad-setting',
    /^PGSERVICE names the service shpo, which is not defined: not in HOME\/\.pg_service\.conf$/,
    /did you mean shop\?/,
  ],
  [
    'a service that is not there, in a URL',
    { env: { DATABASE_URL: 'postgres://?service=x' }, files: { '.pg_service.conf': shop } },
    'bad-url',
    /^DATABASE_URL names the service x/,
  ],
  [
    'no service file',
    { env: { PGSERVICE: 'shop', PGSYSCONFDIR: 'HOME/etc' } },
    'bad-setting',
    /which is not defined: there is no HOME\/\.pg_service\.conf and no HOME\/etc\/pg_service\.conf$/,
  ],
  [
    'a service file that is named and not there',
    { env: { PGSERVICE: 'shop', PGSERVICEFILE: 'HOME/x' } },
    'bad-setting',
    /^PGSERVICEFILE names HOME\/x, which does not exist/,
  ],
  [
    'a line that is none',
    { env: { PGSERVICE: 'shop' }, files: { '.pg_service.conf': '[shop]\nhunter2\n' } },
    'bad-setting',
    /^HOME\/\.pg_service\.conf:2 is not keyword=value$/,
  ],
  [
    'blanks around the =',
    { env: { PGSERVICE: 'shop' }, files: { '.pg_service.conf': '[shop]\nhost = hunter2\n' } },
    'bad-setting',
    /\.conf:2 has a keyword that is no connection parameter$/,
    /without blanks/,
  ],
  [
    'a service of a service',
    { env: { PGSERVICE: 'shop' }, files: { '.pg_service.conf': '[shop]\nservice=hunter2\n' } },
    'bad-setting',
    /names another service/,
  ],
  [
    'a service by LDAP',
    { env: { PGSERVICE: 'shop' }, files: { '.pg_service.conf': '[shop]\nldap://hunter2\n' } },
    'bad-setting',
    /by LDAP/,
  ],
  [
    'a wrong parameter of a service',
    { env: { PGSERVICE: 'shop' }, files: { '.pg_service.conf': '[shop]\nsslmode=hunter2\n' } },
    'bad-setting',
    /^service "shop" in HOME\/\.pg_service\.conf has an unknown sslmode/,
  ],
  [
    'GSSAPI',
    { env: { DATABASE_URL: url, PGGSSENCMODE: 'require' } },
    'bad-setting',
    /^PGGSSENCMODE has gssencmode=require/,
  ],
]

for (const [name, setting, code, message, hint] of refused)
  test(`refused: ${name}`, () => {
    const error = refusal(setting)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    if (hint !== undefined) assert.match(error.hint, hint)
    assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/)
  })

test('a SLIPWAY_DATABASE_URL in a dotenv file that beats the DATABASE_URL of the environment is named', () => {
  const warnings = (setting: Setting) => load(setting).warnings.map(({ message }) => message)
  const files = { '.env': 'SLIPWAY_DATABASE_URL=sqlite:local.db' }
  const [warning, ...more] = warnings({ env: { DATABASE_URL: url }, files })
  assert.match(warning ?? '', /^SLIPWAY_DATABASE_URL in \.env is used, not DATABASE_URL of the environment/)
  assert.deepEqual(more, [])
  assert.equal(warnings({ env: { DATABASE_URL_FILE: 'HOME/x' }, files }).length, 1)
  for (const silent of [
    { env: { SLIPWAY_DATABASE_URL: url, DATABASE_URL: url }, files },
    { env: { DATABASE_URL: 'sqlite:local.db' }, files },
    { env: {}, files },
    { env: { DATABASE_URL: url }, files: { '.env': 'DATABASE_URL=sqlite:local.db' } },
    { env: { DATABASE_URL: url }, files, flags: { databaseUrl: url } },
  ])
    assert.deepEqual(warnings(silent), [])
})
