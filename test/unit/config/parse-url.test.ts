import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDatabaseUrl } from '../../../src/config/parse-url.ts'
import type { PostgresHost, PostgresUrl } from '../../../src/config/url.ts'
import { findUrlSecrets } from '../../../src/config/url-secrets.ts'
import { isSlipwayError } from '../../../src/errors.ts'

const context = { name: 'DATABASE_URL', cwd: '/srv/app', osUser: () => 'sailor' }
const parse = (text: string) => parseDatabaseUrl(text, context)

const base: Omit<PostgresUrl, 'shown' | 'hosts'> = {
  dialect: 'postgres',
  user: 'app',
  database: 'shop',
  tls: { mode: 'prefer' },
  schema: undefined,
  pooled: false,
  target: 'any',
}

type Parts = Partial<PostgresUrl & PostgresHost>

/** Of one host its own parts will do. */
function expand({ host = 'db', port = 5432, password, address, ...rest }: Parts): Omit<PostgresUrl, 'shown'> {
  const one = { host, port, password, ...(address === undefined ? {} : { address }) }
  return { ...base, hosts: [one], ...rest }
}

const postgres: readonly (readonly [string, Parts])[] = [
  ['postgres://app@db/shop', {}],
  ['postgresql://app@db/shop', {}],
  ['POSTGRES://app@db/shop', {}],
  ['  postgres://app@db/shop\n', {}],
  ['postgresql+asyncpg://app@db/shop', {}],
  ['postgres+psycopg2://app@db/shop', {}],
  ['postgres://app:pw@db:6543/shop', { password: 'pw', port: 6543 }],
  ['postgres://app:@db/shop', {}],
  ['postgres://app@db', { database: 'app' }],
  ['postgres://app@db/', { database: 'app' }],
  ['postgres://db/shop', { user: 'sailor' }],
  ['postgres://db', { user: 'sailor', database: 'sailor' }],
  ['postgres:///shop', { user: 'sailor', host: 'localhost' }],
  ['postgres://', { user: 'sailor', host: 'localhost', database: 'sailor' }],
  ['postgres://app@:6543/shop', { host: 'localhost', port: 6543 }],
  ['postgres://app@db:/shop', {}],
  ['postgres://app@[::1]/shop', { host: '::1' }],
  ['postgres://app@[2001:db8::7]:6543/shop', { host: '2001:db8::7', port: 6543 }],
  ['postgres://app@[fe80::1%25eth0]/shop', { host: 'fe80::1%eth0' }],
  ['postgres://app@10.0.0.7/shop', { host: '10.0.0.7' }],
  ['postgres://app@bücher.example/shop', { host: 'bücher.example' }],
  ['postgres://app@%2Fvar%2Frun/shop', { host: '/var/run' }],
  ['postgres://app@/shop?host=/var/run/postgresql', { host: '/var/run/postgresql' }],
  ['postgres://app@/shop?host=%2Fvar%2Frun&port=6543', { host: '/var/run', port: 6543 }],
  ['postgres://?host=db&port=6543&user=app&password=p%40w&dbname=shop', { port: 6543, password: 'p@w' }],
  ['postgres://old@old:1/old?host=db&port=5432&user=app&dbname=shop', {}],
  ['postgres://app@db/shop?host=::1', { host: '::1' }],
  ['postgres://app@db/shop?hostaddr=10.0.0.7', { address: '10.0.0.7' }],
  ['postgres://app@/shop?hostaddr=10.0.0.7', { host: '10.0.0.7' }],
  ['postgres://us%65r%40corp:p%3Aw@db/sh%2Fop', { user: 'user@corp', password: 'p:w', database: 'sh/op' }],
  // Passwords that arrive unencoded and still have one reading.
  ['postgres://app:p@ss@db/shop', { password: 'p@ss' }],
  ['postgres://app:p@@db/shop', { password: 'p@' }],
  ['postgres://app:p:w:@db/shop', { password: 'p:w:' }],
  ['postgres://app:a+b&c=d@db/shop', { password: 'a+b&c=d' }],
  ['postgres://app:"<>\'\\;$!*()[]{}|^~` @db/shop', { password: '"<>\'\\;$!*()[]{}|^~` ' }],
  ['postgres://app:пароль@db/shop', { password: 'пароль' }],
  ['postgres://app:%D0%BF@db/shop', { password: 'п' }],
  [
    'postgres://app:p%40ss%3Aw%2Frd%3F%23%25%26%2B%3D%3C%3E%22%27%5C%20@db/shop',
    { password: 'p@ss:w/rd?#%&+=<>"\'\\ ' },
  ],
  ...(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const).map(
    (mode) => [`postgres://app@db/shop?sslmode=${mode}`, { tls: { mode } }] as const,
  ),
  ['postgres://app@db/shop?ssl=true', { tls: { mode: 'require' } }],
  ['postgres://app@db/shop?ssl=0', { tls: { mode: 'disable' } }],
  ['postgres://app@db/shop?ssl=false&sslmode=require', { tls: { mode: 'require' } }],
  ['postgres://app@db/shop?sslmode=disable&sslmode=require', { tls: { mode: 'require' } }],
  ['postgres://app@db/shop?sslrootcert=system', { tls: { mode: 'verify-full', rootCert: 'system' } }],
  [
    'postgres://app@db/shop?sslmode=verify-ca&sslrootcert=%2Fca.pem&sslcert=c.pem&sslkey=k.pem',
    { tls: { mode: 'verify-ca', rootCert: '/ca.pem', cert: '/srv/app/c.pem', key: '/srv/app/k.pem' } },
  ],
  ['postgres://app@db/shop?schema=tenant', { schema: 'tenant' }],
  ['postgres://app@db/shop?search_path=a,b', { schema: 'a,b' }],
  ['postgres://app@db/shop?pgbouncer=true', { pooled: true }],
  ['postgres://app@db/shop?pgbouncer=false', {}],
  [
    'postgres://app:pw@one,two:6543,[::1]/shop',
    {
      hosts: [
        { host: 'one', port: 5432, password: 'pw' },
        { host: 'two', port: 6543, password: 'pw' },
        { host: '::1', port: 5432, password: 'pw' },
      ],
    },
  ],
  [
    'postgres://app@one,two/shop?port=6543',
    {
      hosts: [
        { host: 'one', port: 6543, password: undefined },
        { host: 'two', port: 6543, password: undefined },
      ],
    },
  ],
  [
    'postgres://app@one,two/shop?hostaddr=10.0.0.1,&port=,6543',
    {
      hosts: [
        { host: 'one', address: '10.0.0.1', port: 5432, password: undefined },
        { host: 'two', port: 6543, password: undefined },
      ],
    },
  ],
  [
    'postgres://app@/shop?host=one,%2Frun,',
    {
      hosts: [
        { host: 'one', port: 5432, password: undefined },
        { host: '/run', port: 5432, password: undefined },
        { host: 'localhost', port: 5432, password: undefined },
      ],
    },
  ],
  ['postgres://app@/shop?host=%40abstract', { host: '@abstract' }],
  ...(['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const).map(
    (target) => [`postgres://app@db/shop?target_session_attrs=${target}`, { target }] as const,
  ),
  ['postgres://app@db/shop?load_balance_hosts=random', { shuffled: true }],
  ['postgres://app@db/shop?load_balance_hosts=disable', {}],
  ['postgres://app@db/shop?connect_timeout=3', { connectTimeoutMs: 3000 }],
  ['postgres://app@db/shop?connect_timeout=0', {}],
  ['postgres://app@db/shop?options=-c%20geqo%3Doff', { options: '-c geqo=off' }],
  ['postgres://app@db/shop?application_name=shop', { applicationName: 'shop' }],
  ['postgres://app@db/shop?require_auth=scram-sha-256,md5', { allowedAuth: ['md5', 'scram-sha-256'] }],
  [
    'postgres://app@db/shop?require_auth=!password,!none',
    { allowedAuth: ['md5', 'gss', 'sspi', 'scram-sha-256', 'oauth'] },
  ],
  ['postgres://app@db/shop?ssl=verify-full', { tls: { mode: 'verify-full' } }],
  ['postgres://app@db/shop?ssl=prefer&sslmode=', { tls: { mode: 'prefer' } }],
  [
    'postgres://app@db/shop?sslmode=require&sslnegotiation=direct&sslsni=0&sslcertmode=disable',
    { tls: { mode: 'require', direct: true, sni: false, sendsCert: false } },
  ],
  [
    'postgres://app@db/shop?sslpassword=pw&sslcrl=a.crl&sslcrldir=%2Fcrls',
    { tls: { mode: 'prefer', keyPassword: 'pw', crl: '/srv/app/a.crl', crlDir: '/crls' } },
  ],
  [
    'postgres://app@db/shop?ssl_min_protocol_version=tlsv1&ssl_max_protocol_version=TLSv1.3',
    { tls: { mode: 'prefer', minVersion: 'TLSv1', maxVersion: 'TLSv1.3' } },
  ],
]

for (const [text, parts] of postgres)
  test(`url ${JSON.stringify(text)}`, () => {
    const { url, warnings } = parse(text)
    const { shown, ...rest } = url
    assert.deepEqual(rest, expand(parts))
    assert.deepEqual(warnings, [])
    assert.doesNotMatch(shown, /:[^/]*@/, 'no password in what is shown')
  })

const sqlite: readonly (readonly [string, string])[] = [
  ['sqlite:///abs/a.db', '/abs/a.db'],
  ['sqlite:////abs/a.db', '/abs/a.db'],
  ['sqlite:/abs/a.db', '/abs/a.db'],
  ['sqlite:///./rel.db', '/srv/app/rel.db'],
  ['sqlite:///../rel.db', '/srv/rel.db'],
  ['sqlite:rel.db', '/srv/app/rel.db'],
  ['sqlite:./rel.db', '/srv/app/rel.db'],
  ['sqlite:data/rel.db', '/srv/app/data/rel.db'],
  ['sqlite+aiosqlite:///abs/a.db', '/abs/a.db'],
  ['sqlite3:///abs/a.db', '/abs/a.db'],
  ['sqlite:///with%20blank%3F.db', '/with blank?.db'],
  ['sqlite:a:b@c.db', '/srv/app/a:b@c.db'],
  ['file:rel.db', '/srv/app/rel.db'],
  ['file:./rel.db', '/srv/app/rel.db'],
  ['file:/abs/a.db', '/abs/a.db'],
  ['file:///abs/a.db', '/abs/a.db'],
  ['file://localhost/abs/a.db', '/abs/a.db'],
  ['sqlite::memory:', ':memory:'],
  ['sqlite://:memory:', ':memory:'],
  ['sqlite:///:memory:', ':memory:'],
  ['file::memory:', ':memory:'],
]

for (const [text, path] of sqlite)
  test(`url ${text}`, () => {
    const shown = path === ':memory:' ? 'sqlite::memory:' : `sqlite://${path}`
    assert.deepEqual(parse(text), { url: { dialect: 'sqlite', path, shown }, warnings: [] })
  })

/** URL, message, hint. */
const refused: readonly (readonly [string, RegExp, RegExp?])[] = [
  ['', /does not begin with a scheme/],
  ['hunter2', /does not begin with a scheme/],
  ['hunter2:hunter2@db/shop', /does not begin with a scheme/],
  ['/abs/hunter2.db', /does not begin with a scheme/],
  ['"postgres://app:hunter2@db/shop"', /wrapped in quotes/, /remove the quotes/],
  ['mysql://app:hunter2@db/shop', /unknown scheme mysql:.*postgres:.*sqlite:/],
  ['postgress://app:hunter2@db/shop', /unknown scheme postgress:/, /did you mean postgres:/],
  ['sqlit:hunter2.db', /unknown scheme sqlit:/, /did you mean sqlite:/],
  ['duckdb:hunter2.db', /DuckDB.* not supported yet/],
  ['postgres:app:hunter2@db/shop', /lacks the \/\//],
  ['postgres://a:hunter2@db:5432,5433/shop', /only digits: write host1:5432,host2:5433/],
  ['postgres://a:hunter2@db/shop?port=1,2', /2 ports for 1 hosts/],
  ['postgres://a:hunter2@one,two/shop?port=1,2,3', /3 ports for 2 hosts/],
  ['postgres://a:hunter2@one,two/shop?hostaddr=10.0.0.1', /1 addresses in hostaddr for 2 in host/],
  ['postgres://a:hunter2@one/shop?hostaddr=hunter2', /hostaddr is not an IP address/],
  ['postgres://a:hunter2#x@db/shop', /holds a #/, /percent-encode/],
  ['postgres://a:hunter2/x@db/shop', /@ after the host/, /percent-encode/],
  ['postgres://a:1/hunter2@db/shop', /@ after the host/, /percent-encode/],
  ['postgres://a:hunter2?x@db/shop', /@ after the host/, /percent-encode/],
  ['postgres://a:1?hunter2=x@db/shop', /@ after the host/, /percent-encode/],
  ['postgres://a:h@unter2/x@db/shop', /@ after the host/, /percent-encode/],
  ['postgres://a:hunter2%@db/shop', /in the password, a %/, /percent-encode/],
  ['postgres://a:hunter2%zz@db/shop', /in the password, a %/, /percent-encode/],
  ['postgres://a:hunter2%00@db/shop', /in the password, a %/, /percent-encode/],
  ['postgres://a:hunter2', /port is not a number/, /percent-encode/],
  ['postgres://a:hunter2@db:0/shop', /port is not a number/],
  ['postgres://a:hunter2@db:65536/shop', /port is not a number/],
  ['postgres://a:hunter2@db/shop?port=x', /port is not a number/],
  ['postgres://a:hunter2@::1/shop', /IPv6 needs brackets/],
  ['postgres://a:hunter2@[db]/shop', /not an IPv6 address/],
  ['postgres://a:hunter2@[::1]5432/shop', /more than one :/],
  ['postgres://a:x@hunter2 x/shop', /host is not a name/],
  ['postgres://a:hunter2@db/shop/x', /database name holds a \//],
  ['postgres://a@db/shop?hunter2', /not name=value/],
  ['postgres://a@db/shop?=hunter2', /not name=value/],
  ['postgres://a@db/shop?sslmode=hunter2', /unknown sslmode; known are disable, allow/],
  ['postgres://a@db/shop?sslmode=verify_full', /unknown sslmode/, /did you mean sslmode=verify-full/],
  ['postgres://a@db/shop?ssl=hunter2', /ssl that is neither/],
  ['postgres://a@db/shop?pgbouncer=hunter2', /pgbouncer that is neither/],
  [
    'postgres://a@db/shop?sslrootcert=system&sslmode=require',
    /sslrootcert=system with the weaker/,
    /verify-full/,
  ],
  ['postgres://a@db/shop?sslmode=no-verify', /unknown sslmode/, /sslmode=require/],
  ['postgres://a@db/shop?sslaccept=strict', /sslaccept=strict/, /sslmode=verify-full&sslrootcert=system/],
  ['postgres://a@db/shop?sslnegotiation=direct', /sslnegotiation=direct with the weaker sslmode=prefer/],
  ['postgres://a@db/shop?sslnegotiation=hunter2', /unknown sslnegotiation; known are postgres, direct/],
  ['postgres://a@db/shop?sslcertmode=require', /sslcertmode=require, which slipway cannot check/],
  ['postgres://a@db/shop?sslkey=pkcs11:hunter2', /inside an OpenSSL engine/],
  ['postgres://a@db/shop?ssl_min_protocol_version=hunter2', /unknown ssl_min_protocol_version/],
  ['postgres://a@db/shop?ssl_max_protocol_version=TLSv1.1', /below the lowest allowed/],
  ['postgres://a@db/shop?target_session_attrs=hunter2', /unknown target_session_attrs; known are any/],
  [
    'postgres://a@db/shop?target_session_attrs=read_write',
    /unknown target/,
    /did you mean target_session_attrs=read-write/,
  ],
  ['postgres://a@db/shop?load_balance_hosts=hunter2', /unknown load_balance_hosts/],
  ['postgres://a@db/shop?connect_timeout=hunter2', /connect_timeout that is not a number/],
  ['postgres://a@db/shop?require_auth=hunter2', /unknown require_auth/],
  ['postgres://a@db/shop?require_auth=md5,!none', /mixes methods/],
  ['postgres://a@db/shop?gssencmode=require', /gssencmode=require/],
  ['postgres://a@db/shop?gssencmode=hunter2', /unknown gssencmode/],
  ['postgres://a@db/shop?channel_binding=hunter2', /unknown channel_binding/],
  ['postgres://a@db/shop?min_protocol_version=3.2', /min_protocol_version above 3\.0/],
  ['postgres://a@/shop?host=/run&requirepeer=hunter2', /requirepeer, which slipway cannot check/],
  ['sqlite:', /names no SQLite file/],
  ['sqlite:///', /names no SQLite file/],
  ['sqlite:///abs/', /names no SQLite file/],
  ['sqlite://hunter2.db', /has a host/, /sqlite:relative/],
  ['sqlite:hunter2%.db', /a % is not followed/],
  ['sqlite:hunter2#.db', /holds a #/],
]

for (const [text, message, hint] of refused)
  test(`url ${JSON.stringify(text)} is refused`, () => {
    const error = catchError(() => parse(text))
    assert.ok(isSlipwayError(error))
    assert.equal(error.code, 'bad-url')
    assert.equal(error.exitCode, 78)
    assert.match(error.message, /^DATABASE_URL /)
    assert.match(error.message, message)
    if (hint !== undefined) assert.match(error.hint, hint)
    assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2|unter2/)
  })

test('no user in the URL and none for our uid is refused', () => {
  const error = catchError(() =>
    parseDatabaseUrl('postgres://db/shop', { ...context, osUser: () => undefined }),
  )
  assert.ok(isSlipwayError(error))
  assert.match(error.message, /names no user/)
})

const warned: readonly (readonly [string, readonly RegExp[]])[] = [
  [
    'postgres://app@db/shop?connection_limit=5&keepalives=1&pool_timeout=3',
    [/without effect here: connection_limit, keepalives, pool_timeout$/],
  ],
  ['postgres://app@db/shop?channel_binding=require', [/channel_binding=require has no effect: /]],
  ['postgres://app@db/shop?channel_binding=prefer&gssencmode=disable&requirepeer=postgres', []],
  ['postgres://app@db/shop?sslaccept=accept_invalid_certs', [/without effect here: sslaccept$/]],
  ['postgres://app@db/shop?statement_cache_size=0&supa=base', [/statement_cache_size, supa$/]],
  ['postgres://app@db/shop?shcema=x', [/unknown parameter shcema; did you mean schema\?/]],
  [
    'postgres://app@db/shop?zzzzzzz=1&replication=x',
    [/without effect here: replication$/, /unknown parameter zzzzzzz$/],
  ],
  ['sqlite:a.db?mode=ro&cache=shared', [/ignored for SQLite: mode, cache$/]],
]

for (const [text, expected] of warned)
  test(`url ${text} warns`, () => {
    const { warnings } = parse(text)
    assert.equal(warnings.length, expected.length)
    for (const [index, pattern] of expected.entries()) {
      assert.match(warnings[index]?.message ?? '', pattern)
      assert.equal(warnings[index]?.code, 'url-parameter')
    }
  })

const shown: readonly (readonly [string, string])[] = [
  ['postgres://app:pw@db/shop?sslmode=require', 'postgres://app@db:5432/shop'],
  ['postgres://a%40b:pw@[::1]:1/sh%2Fop', 'postgres://a%40b@[::1]:1/sh%2Fop'],
  ['postgres://app:pw@%2Fvar%2Frun/shop', 'postgres://app@/shop?host=/var/run'],
  ['postgres://app:pw@%2Fvar%2Frun:1/shop', 'postgres://app@/shop?host=/var/run&port=1'],
  ['postgres://app:pw@one,[::1]:1,two:2/shop', 'postgres://app@one:5432,[::1]:1,two:2/shop'],
  ['postgres://app:pw@/shop?host=one,/run&port=1,2', 'postgres://app@/shop?host=one,/run&port=1,2'],
]

for (const [text, expected] of shown)
  test(`url ${text} is shown as ${expected}`, () => {
    assert.equal(parse(text).url.shown, expected)
    assert.deepEqual(withoutLogin(expected), withoutLogin(text))
  })

function withoutLogin(text: string): unknown {
  const { url } = parse(text)
  if (url.dialect !== 'postgres') return url
  return { ...url, tls: {}, hosts: url.hosts.map((host) => ({ ...host, password: undefined })) }
}

const secrets: readonly (readonly [string, readonly string[]])[] = [
  ['postgres://app@db/shop', []],
  ['postgres://db:5432/shop', []],
  ['sqlite:a.db', []],
  ['postgres://app:p%40w@db/shop', ['p%40w', 'p@w']],
  ['postgres://app:p/w@db/shop', ['p/w']],
  ['postgres://app:p@w/x@db/shop', ['p', 'p@w/x']],
  ['mysql://root:pw@db/shop', ['pw']],
  ['postgres://db/shop?password=p%20w&sslpassword=kk', ['p%20w', 'p w', 'kk']],
]

for (const [text, expected] of secrets)
  test(`secrets of ${text}`, () => {
    const found = findUrlSecrets(text)
    assert.deepEqual(found.toSorted(), (expected.length === 0 ? [] : [text, ...expected]).toSorted())
  })

function catchError(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}
