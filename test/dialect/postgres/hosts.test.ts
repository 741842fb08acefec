/** Several hosts in one URL: which of them a session is with, and what is said when none will do. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { slipway, startSlipway } from '../../helpers/cli.ts'
import { type ConnectOptions, connectBy, failureBy } from '../../helpers/connect.ts'
import { testPassword } from '../../helpers/password.ts'
import { freePort } from '../../helpers/ports.ts'
import { postgresMajors } from '../../helpers/postgres.ts'
import { type Pair, startPair } from '../../helpers/standby.ts'
import { until } from '../../helpers/until.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'
import { errorOf, eventsOf } from './scene.ts'

for (const major of postgresMajors)
  describe(`PostgreSQL ${major}`, () => {
    let pair: Pair
    let closed: number
    let silent: Server
    let primary: string
    let standby: string
    let nobody: string
    let mute: string
    before(async () => {
      pair = await startPair(major)
      closed = await freePort()
      // It takes connections and never says a word.
      silent = createServer((socket) => void socket.on('error', () => {}).resume())
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const address = silent.address()
      primary = `127.0.0.1:${pair.primary.port}`
      standby = `127.0.0.1:${pair.standby.port}`
      nobody = `127.0.0.1:${closed}`
      mute = `127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
    })
    after(async () => {
      silent.close()
      await pair[Symbol.asyncDispose]()
    })

    const login = () => `postgres:${encodeURIComponent(testPassword())}`
    const url = (hosts: readonly string[], parameters = '') =>
      `postgres://${login()}@${hosts.join(',')}/postgres?${parameters}`
    const reached = async (text: string, options: ConnectOptions = {}) => {
      await using session = await connectBy(text, options)
      return session.facts.host
    }

    test('a run that reads takes the first that answers', async () => {
      assert.equal(await reached(url([standby, primary])), standby)
      assert.equal(await reached(url([nobody, primary, standby])), primary)
    })

    test('a run that writes goes on to a server that can be written', async () => {
      assert.equal(await reached(url([standby, primary]), { intent: 'write' }), primary)
      assert.equal(await reached(url([nobody, standby, primary]), { intent: 'write' }), primary)
      const preferring = url([standby, primary], 'target_session_attrs=prefer-standby')
      assert.equal(await reached(preferring, { intent: 'write' }), primary)
    })

    for (const [target, hosts, expected] of [
      ['any', ['standby', 'primary'], 'standby'],
      ['read-write', ['standby', 'primary'], 'primary'],
      ['primary', ['standby', 'primary'], 'primary'],
      ['read-only', ['primary', 'standby'], 'standby'],
      ['standby', ['primary', 'standby'], 'standby'],
      ['prefer-standby', ['primary', 'standby'], 'standby'],
      ['prefer-standby', ['nobody', 'primary'], 'primary'],
    ] as const)
      test(`target_session_attrs=${target} among ${hosts.join(', ')} is ${expected}`, async () => {
        const places = { primary, standby, nobody }
        const text = url(
          hosts.map((host) => places[host]),
          `target_session_attrs=${target}`,
        )
        assert.equal(await reached(text), places[expected])
        const variables = { PGTARGETSESSIONATTRS: target }
        assert.equal(await reached(url(hosts.map((host) => places[host])), { variables }), places[expected])
      })

    test('where none will do, each is named with its reason', async () => {
      assert.equal(
        await failureBy(url([nobody, standby]), { intent: 'write' }),
        `read-only: ${nobody}: connection refused; ${standby}: postgres is a replica in recovery`,
      )
      assert.equal(
        await failureBy(url([standby, nobody]), { intent: 'write' }),
        `read-only: ${standby}: postgres is a replica in recovery; ${nobody}: connection refused`,
      )
      assert.equal(
        await failureBy(url([primary], 'target_session_attrs=standby')),
        'unreachable: postgres is no replica, and target_session_attrs=standby is wanted',
      )
      assert.match(
        await failureBy(url([primary], 'target_session_attrs=standby'), { intent: 'write' }),
        /^bad-setting: target_session_attrs=standby looks for a server that cannot be written/,
      )
    })

    test('a host that says nothing has its share of the time, and no more', async () => {
      assert.equal(await reached(url([mute, primary]), { timeoutMs: 3000 }), primary)
      assert.equal(await reached(url([mute, primary], 'connect_timeout=1')), primary)
      assert.equal(
        await failureBy(url([mute, nobody]), { timeoutMs: 2000 }),
        `not-ready: ${mute}: no answer within 1 s; ${nobody}: connection refused`,
      )
    })

    test('a server that refuses us ends the search', async () => {
      const wrong = url([nobody, standby, primary]).replace(login(), 'postgres:wrong')
      assert.equal(
        await failureBy(wrong, { intent: 'write' }),
        `auth: ${nobody}: connection refused; ${standby}: password authentication failed for user "postgres"`,
      )
    })

    test('load_balance_hosts=random begins anywhere', async () => {
      const seen = new Set<string | undefined>()
      await until('both were first once', async () => {
        seen.add(await reached(url([standby, primary], 'load_balance_hosts=random')))
        return seen.size === 2
      })
    })

    test('all addresses of a host are tried for one that will do', async () => {
      // Both are one machine here, but only one of them has a server on that port.
      const text = url([`localhost:${pair.primary.port}`])
      assert.equal(await reached(text), undefined)
      const refused = await failureBy(url([`localhost:${closed}`]))
      assert.equal(refused, 'not-ready: connection refused')
    })

    test('up applies on the primary and cancels there', async () => {
      using workspace = createWorkspace()
      const name = await pair.primary.createDatabase(`shop_${major}`)
      await pair.caughtUp()
      const env = {
        SLIPWAY_DATABASE_URL: url([standby, primary]).replace('/postgres?', `/${name}`),
        SLIPWAY_DIR: writeMigrations(workspace, { '0001_slow.sql': 'select pg_sleep(30);' }),
        SLIPWAY_LOG_FORMAT: 'json',
        SLIPWAY_KEEPALIVE: '200ms',
      }
      const running = startSlipway(['up'], { env })
      const sleeps = async () => {
        const rows = await pair.primary.query(
          name,
          "select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query ~ 'pg_sleep' and pid <> pg_backend_pid()",
        )
        return rows.length > 0
      }
      await until('the statement runs', sleeps)
      running.kill('SIGTERM')
      await until('the statement is gone', async () => !(await sleeps()), { timeoutMs: 5000 })
      const stopped = await running.done
      assert.equal(stopped.code, 143, stopped.stderr)
      assert.equal(eventsOf(stopped, 'connected')[0]?.host, primary)

      writeMigrations(workspace, { '0001_slow.sql': 'create table quick (n integer);' })
      assert.equal((await slipway(['up'], { env })).code, 0)
      await pair.caughtUp()
      const status = await slipway(['status', '--json'], { env })
      assert.equal(status.code, 0, status.stderr)
      assert.equal(eventsOf(status, 'connected')[0]?.host, standby)
      const alone = await slipway(['up'], {
        env: {
          ...env,
          SLIPWAY_DATABASE_URL: url([standby, nobody]).replace('/postgres?', `/${name}`),
          SLIPWAY_WAIT_TIMEOUT: '1s',
        },
      })
      assert.deepEqual([alone.code, errorOf(alone).code], [69, 'read-only'])
      assert.equal(
        errorOf(alone).message,
        `${standby}: ${name} is a replica in recovery; ${nobody}: connection refused`,
      )
    })
  })
