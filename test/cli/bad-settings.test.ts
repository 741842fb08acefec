/** Databases that are not configured, not right, or not there; secrets that cannot be read. */
import { chmodSync } from 'node:fs'
import { type BadInput, goodMigration, type Place, testBadInput } from '../helpers/bad-input.ts'
import { freePort } from '../helpers/ports.ts'
import { newestMajor, sharedPostgres, uniqueName } from '../helpers/postgres.ts'

const noUrl = { SLIPWAY_DATABASE_URL: undefined }
const nobody = { uid: 65534, gid: 65534 }
const isRoot = process.getuid?.() === 0
const skipUnlessRoot = isRoot ? false : 'only root can run as another user'

const urlRow = (
  name: string,
  url: string | ((place: Place) => string),
  more: Partial<BadInput> & Pick<BadInput, 'message' | 'hint'>,
): BadInput => ({
  name,
  exit: 78,
  code: 'bad-url',
  env: (place) => ({ SLIPWAY_DATABASE_URL: typeof url === 'string' ? url : url(place) }),
  ...more,
})

const { port } = await sharedPostgres(newestMajor)
const powerless = uniqueName('powerless')
const closedPort = await freePort()

testBadInput([
  {
    name: 'no URL: every place that was looked at is named',
    env: noUrl,
    exit: 78,
    code: 'no-url',
    message: [
      /no database is configured/,
      /SLIPWAY_DATABASE_URL, .*DATABASE_URL_FILE/,
      /there is no \.env file in \//,
    ],
    hint: /export SLIPWAY_DATABASE_URL=postgres:/,
  },
  {
    name: 'no URL for a verb that reads',
    argv: ['status'],
    env: noUrl,
    exit: 78,
    code: 'no-url',
    message: /no database is configured/,
    hint: /export SLIPWAY_DATABASE_URL=postgres:/,
  },
  urlRow('unknown scheme: the known ones are named', 'mysql://u:secret-word@h/d', {
    message: [/^SLIPWAY_DATABASE_URL has the unknown scheme mysql:/, /postgres:.*sqlite:/],
    hint: /postgres:\/\/user/,
  }),
  urlRow('misspelt scheme: the nearest is offered', 'postgers://u@h/d', {
    message: /unknown scheme postgers:/,
    hint: /postgres:/,
  }),
  urlRow('duckdb', 'duckdb:///data/app.duckdb', {
    message: /DuckDB database, which is not supported yet/,
    hint: /sqlite:/,
  }),
  urlRow('no scheme at all', 'localhost/app', { message: /does not begin with a scheme/, hint: /postgres:/ }),
  urlRow('quotes that docker --env-file kept', '"postgres://u@h/d"', {
    message: /wrapped in quotes/,
    hint: /remove the quotes/,
  }),
  urlRow('a password that was not encoded', 'postgres://u:a/b#c@h/d', {
    message: /^SLIPWAY_DATABASE_URL cannot be read/,
    hint: /percent-encode .*# %23/,
  }),
  urlRow('a port that is none', 'postgres://u:secret-word@h:54x2/d', {
    message: /port/,
    hint: /./,
  }),
  urlRow('an sslmode that is none', ({ url }) => `${url}?sslmode=requier`, {
    message: [/unknown sslmode/, /verify-full/],
    hint: /sslmode=require/,
  }),
  urlRow('a malformed URL in DATABASE_URL is called by that name', '', {
    env: { SLIPWAY_DATABASE_URL: undefined, DATABASE_URL: 'nonsense' },
    message: /^DATABASE_URL /,
    hint: /./,
  }),
  {
    name: 'both X and X_FILE',
    files: { ...goodMigration, secret: 'postgres://u@h/d' },
    env: { SLIPWAY_DATABASE_URL_FILE: 'secret' },
    exit: 78,
    code: 'secret-twice',
    message: /both SLIPWAY_DATABASE_URL and SLIPWAY_DATABASE_URL_FILE are set/,
    hint: /unset SLIPWAY_DATABASE_URL or SLIPWAY_DATABASE_URL_FILE/,
  },
  {
    name: 'a secret file that is not there',
    env: { ...noUrl, DATABASE_URL_FILE: '/run/secrets/no-such-secret' },
    exit: 78,
    code: 'secret-unreadable',
    message: [/DATABASE_URL_FILE names \/run\/secrets\/no-such-secret, which does not exist/, /uid \d+/],
    hint: /mount the secret there, or correct the path/,
  },
  {
    name: 'a secret file that is a directory',
    files: { ...goodMigration, 'secret/inside': 'x' },
    env: { ...noUrl, SLIPWAY_DATABASE_URL_FILE: 'secret' },
    exit: 78,
    code: 'secret-unreadable',
    message: [/SLIPWAY_DATABASE_URL_FILE names \/.*\/secret/, /EISDIR/],
    hint: /mount a file there: a directory appears/,
  },
  {
    name: 'an empty secret file',
    files: { ...goodMigration, secret: '\n' },
    env: { ...noUrl, SLIPWAY_DATABASE_URL_FILE: 'secret' },
    exit: 78,
    code: 'secret-unreadable',
    message: /SLIPWAY_DATABASE_URL_FILE names \/.*\/secret, which is empty/,
    hint: /write the value/,
  },
  {
    name: 'a secret file of another user: path, mode, owner and our uid',
    skip: skipUnlessRoot,
    files: { ...goodMigration, secret: 'postgres://u@h/d' },
    before: ({ workspace }) => chmodSync(workspace.path('secret'), 0o600),
    user: nobody,
    env: { ...noUrl, SLIPWAY_DATABASE_URL_FILE: 'secret' },
    exit: 78,
    code: 'secret-unreadable',
    message: [/\/secret, which cannot be read/, /mode 0600/, /owner 0:0/, /uid 65534/],
    hint: /readable for the user/,
  },
  {
    name: 'wrong password',
    env: ({ db }) => ({
      SLIPWAY_DATABASE_URL: db.url({ user: 'postgres', password: 'not it' }),
      SLIPWAY_WAIT_TIMEOUT: '1s',
    }),
    exit: 77,
    code: 'auth-failed',
    message: [
      /postgres:\/\/postgres@127\.0\.0\.1:\d+\/\w+/,
      /password authentication failed for user "postgres"/,
    ],
    hint: /user and the password/,
    check: ({ sqlstate }) => {
      if (sqlstate !== '28P01') throw new Error(`SQLSTATE ${sqlstate}`)
    },
  },
  {
    name: 'missing database: the command that makes it',
    env: ({ url, db }) => ({
      SLIPWAY_DATABASE_URL: url.replace(db.name, 'no_such_database'),
      SLIPWAY_WAIT_TIMEOUT: '1s',
    }),
    exit: 78,
    code: 'database-missing',
    message: /database "no_such_database" does not exist/,
    hint: new RegExp(
      `^createdb .*-h 127\\.0\\.0\\.1 .*-p ${port} .*no_such_database; or have it made: slipway up --create-database$`,
    ),
  },
  {
    name: 'nothing listens on the port',
    env: { SLIPWAY_DATABASE_URL: `postgres://u@127.0.0.1:${closedPort}/d`, SLIPWAY_WAIT_TIMEOUT: '1s' },
    exit: 69,
    code: 'unreachable',
    message: new RegExp(
      `postgres://u@127\\.0\\.0\\.1:${closedPort}/d could not be reached in 1\\.\\d s: connection refused`,
    ),
    hint: /check that the server is up/,
  },
  {
    name: 'a host name that does not exist',
    env: { SLIPWAY_DATABASE_URL: 'postgres://u@no-such-host.invalid/d', SLIPWAY_WAIT_TIMEOUT: '500ms' },
    exit: 69,
    code: 'unreachable',
    message: /could not be reached.*host name/,
    hint: /host/,
  },
  {
    name: 'TLS is asked for and the server has none',
    env: ({ url }) => ({ SLIPWAY_DATABASE_URL: `${url}?sslmode=require`, SLIPWAY_WAIT_TIMEOUT: '1s' }),
    exit: 77,
    code: 'tls-failed',
    message: /server .*TLS|TLS.* server/i,
    hint: /sslmode/,
  },
  {
    name: 'a variable of libpq that is wrong, beside a URL that is right',
    env: { PGSSLMODE: 'requier' },
    exit: 78,
    code: 'bad-setting',
    message: /^PGSSLMODE has an unknown sslmode; known are disable, allow/,
    hint: /did you mean sslmode=require\?/,
  },
  {
    name: 'a service that is not defined',
    files: { ...goodMigration, services: '[shop]\nhost=127.0.0.1\n' },
    env: { ...noUrl, PGSERVICE: 'shpo', PGSERVICEFILE: 'services' },
    exit: 78,
    code: 'bad-setting',
    message: /^PGSERVICE names the service shpo, which is not defined: not in \/.*\/services$/,
    hint: /^did you mean shop\?$/,
  },
  {
    name: 'an authority that is not there',
    env: ({ url }) => ({ SLIPWAY_DATABASE_URL: `${url}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem` }),
    exit: 78,
    code: 'tls-file',
    message: /^\/nowhere\/ca\.pem \(sslrootcert\), which does not exist \(we are uid \d+\)$/,
    hint: /correct the path/,
  },
  {
    name: 'an authority that another user may read only',
    skip: skipUnlessRoot,
    files: { ...goodMigration, 'ca.pem': '-----BEGIN CERTIFICATE-----' },
    before: ({ workspace }) => chmodSync(workspace.path('ca.pem'), 0o600),
    user: nobody,
    env: { PGSSLMODE: 'verify-ca', PGSSLROOTCERT: 'ca.pem' },
    exit: 78,
    code: 'tls-file',
    message:
      /\/ca\.pem \(sslrootcert\), which cannot be read \(EACCES\): mode 0600, owner 0:0, we are uid 65534$/,
    hint: /owner or the mode/,
  },
  {
    name: 'verify-full without an authority',
    env: { PGSSLMODE: 'verify-full', HOME: '/nowhere' },
    exit: 78,
    code: 'tls-file',
    message:
      /^sslmode=verify-full needs root certificates: no sslrootcert is given, and there is no \/nowhere\/\.postgresql\/root\.crt$/,
    hint: /sslrootcert=system/,
  },
  {
    name: 'options that the server does not know',
    env: { PGOPTIONS: '-c no_such_setting=1' },
    exit: 78,
    code: 'bad-setting',
    message:
      /^the server does not take options \(PGOPTIONS\): unrecognized configuration parameter "no_such_setting"$/,
    hint: /options='-c name=value'/,
  },
  {
    name: 'no password where one is wanted',
    env: ({ url }) => ({
      SLIPWAY_DATABASE_URL: url.replace(/:[^:@]*@/, '@'),
      HOME: '/nowhere',
      SLIPWAY_WAIT_TIMEOUT: '1s',
    }),
    exit: 77,
    code: 'auth-failed',
    message: /the server asks for a password, and none is configured$/,
    hint: /user and the password/,
  },
  {
    name: 'a run that writes and a target that cannot be written',
    env: { PGTARGETSESSIONATTRS: 'standby' },
    exit: 78,
    code: 'bad-setting',
    message: /^target_session_attrs=standby looks for a server that cannot be written, and this run writes$/,
    hint: /target_session_attrs=read-write/,
  },
  {
    name: 'GSSAPI encryption is not ignored',
    env: { PGGSSENCMODE: 'require' },
    exit: 78,
    code: 'bad-setting',
    message: /^PGGSSENCMODE has gssencmode=require, and slipway does not speak GSSAPI$/,
    hint: /sslmode=verify-full/,
  },
  {
    name: 'a role that may not create the history table',
    before: async ({ db }) => {
      await db.query(`create role ${powerless} login password 'harmless'`)
      await db.query('revoke create on schema public from public')
    },
    env: ({ db }) => ({
      SLIPWAY_DATABASE_URL: db.url({ user: powerless, password: 'harmless' }),
    }),
    exit: 77,
    code: 'privilege-missing',
    message: new RegExp(`role ${powerless} may not create public\\.schema_migrations: permission denied`),
    hint: new RegExp(`^grant usage, create on schema "public" to "${powerless}"$`),
  },
])
