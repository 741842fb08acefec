/** The database cannot be reached, or not yet: 69 in time, or success once it can be. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import {
  assertFailure,
  effectsTable,
  patientMigrations,
  waitingScript,
  withStage,
} from '../../helpers/interrupted-run.ts'
import { freePort } from '../../helpers/ports.ts'
import { newestMajor, type PostgresServer, startPostgres } from '../../helpers/postgres.ts'
import { until } from '../../helpers/until.ts'
import { withWorkspace, writeMigrations } from '../../helpers/workspace.ts'

const migrations = { '0001_effects.sql': effectsTable }
const patience = { SLIPWAY_WAIT_TIMEOUT: '2s' }

describe('nobody answers', { concurrency: 4 }, () => {
  it('a peer that accepts and closes is asked a bounded number of times', async () => {
    let connects = 0
    const peer = createServer((socket) => {
      connects++
      socket
        .on('error', () => {})
        .resume()
        .end()
    })
    const port = await freePort()
    await new Promise<void>((resolve) => peer.listen(port, '127.0.0.1', resolve))
    try {
      await withWorkspace({}, async (workspace) => {
        const result = await slipway(['up'], {
          env: {
            SLIPWAY_DATABASE_URL: `postgres://someone@127.0.0.1:${port}/app`,
            SLIPWAY_DIR: writeMigrations(workspace, migrations),
            SLIPWAY_LOG_FORMAT: 'pretty',
            ...patience,
          },
        })
        assertFailure(result, 69, /could not be reached in .* s: the peer closed the connection at once/)
      })
    } finally {
      peer.close()
    }
    assert.ok(connects >= 2 && connects <= 12, `${connects} connects in two seconds`)
  })

  it('a port where nobody listens', () =>
    withWorkspace({}, async (workspace) => {
      const result = await slipway(['up'], {
        env: {
          SLIPWAY_DATABASE_URL: `postgres://someone@127.0.0.1:${await freePort()}/app`,
          SLIPWAY_DIR: writeMigrations(workspace, migrations),
          SLIPWAY_LOG_FORMAT: 'pretty',
          ...patience,
        },
      })
      assertFailure(result, 69, /could not be reached in .* s: connection refused/)
    }))

  it('a black hole from the start', () =>
    withStage(migrations, async (stage) => {
      stage.proxy.blackhole()
      assertFailure(await stage.start({ env: patience }).done, 69, /could not be reached in .* s: no answer/)
    }))

  it('a load balancer that has its backend a moment later', () =>
    withStage(migrations, async (stage) => {
      stage.proxy.closeOnAccept()
      const run = stage.start()
      await run.waitForOutput(/the peer closed the connection at once/)
      stage.proxy.forward()
      assert.equal((await run.done).code, 0, run.output())
    }))
})

describe('the server stops', () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ major: newestMajor })
  })
  after(() => server[Symbol.asyncDispose]())

  it('at once, while a script does something else; after its start, up completes', () =>
    withStage(
      { ...migrations, '0002_waits.ts': waitingScript },
      async (stage) => {
        const run = stage.start({ direct: true })
        await stage.waiting()
        await server.stop('immediate')
        stage.go()
        assertFailure(await run.done, 75, /the connection was lost while 0002_waits ran: /)
        await server.start()
        assert.deepEqual(await stage.effects(), [])
        assert.deepEqual(await stage.recover(), ['after', 'before'])
      },
      server,
    ))

  for (const mode of ['immediate', 'fast'] as const)
    it(`${mode} during a statement; after its start, up completes`, () =>
      withStage(
        patientMigrations('transaction'),
        async (stage) => {
          const run = stage.start({ direct: true })
          await stage.executing('from patience')
          await server.stop(mode)
          assertFailure(await run.done, 75, /the connection was lost while 0002_sleeps ran: /)
          await server.start()
          assert.deepEqual(await stage.effects(), [])
          await stage.allow()
          assert.deepEqual(await stage.recover(), ['after', 'before'])
        },
        server,
      ))

  it('when asked politely (57P03), is gone, and comes back: the runner waits through it all', () =>
    withStage(
      migrations,
      async (stage) => {
        const [row] = await stage.db.query<{ data: string }>(
          'select setting as data from pg_settings where name = $1',
          ['data_directory'],
        )
        const pidFile = join(row?.data ?? '', 'postmaster.pid')
        const held = await stage.db.connect()
        // SIGTERM is a smart shutdown: it waits for sessions, and refuses new ones.
        process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 'SIGTERM')
        const run = stage.start({ direct: true })
        await run.waitForOutput(/the database system is shutting down/)
        await held.end()
        await run.waitForOutput(/connection refused/)
        await until('the server is gone', () => {
          try {
            return readFileSync(pidFile, 'utf8') === ''
          } catch {
            return true
          }
        })
        await server.start()
        assert.equal((await run.done).code, 0, run.output())
      },
      server,
    ))
})
