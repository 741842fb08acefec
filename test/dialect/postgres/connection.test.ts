/** The session ends in every way a session can: never a hang, a crash, or work after a silent reconnect. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assertFailure,
  effectsTable,
  patientMigrations,
  type Stage,
  waitingScript,
  withStage,
} from '../../helpers/interrupted-run.ts'

const script = { '0001_effects.sql': effectsTable, '0002_waits.ts': waitingScript }
const keepalive = { SLIPWAY_KEEPALIVE: '1s' }
const terminated = /the connection was lost while 0002_\w+ ran: terminating connection due to administrator/
const lost = /the connection was lost while 0002_\w+ ran: /

async function assertNothingDone(stage: Stage): Promise<void> {
  await stage.evict()
  assert.deepEqual(await stage.effects(), [])
  assert.deepEqual(await stage.history(), ['0001_effects applied'])
}

describe('the session ends while a script does something else', { concurrency: 4 }, () => {
  const endings = {
    'by pg_terminate_backend': { env: {}, message: terminated, end: (stage: Stage) => stage.evict() },
    'by a TCP reset': { env: {}, message: lost, end: (stage: Stage) => stage.proxy.reset() },
    'in a black hole': {
      env: keepalive,
      message: /0002_waits ran: the server cannot be reached any more/,
      end: (stage: Stage) => stage.proxy.blackhole(),
    },
    'because its packets alone are lost': {
      env: keepalive,
      message: /0002_waits ran: the server no longer works for this session/,
      end: (stage: Stage) => {
        stage.proxy.blackhole()
        stage.proxy.forward()
      },
    },
  }
  for (const [how, { env, message, end }] of Object.entries(endings))
    it(how, () =>
      withStage(script, async (stage) => {
        const run = stage.start({ env })
        await stage.waiting()
        await end(stage)
        stage.go()
        assertFailure(await run.done, 75, message)
        await assertNothingDone(stage)
        assert.deepEqual(await stage.recover(), ['after', 'before'])
      }),
    )
})

it('a script that its transaction does not undo is not simply run again: what comes next says so', () =>
  withStage(
    {
      ...script,
      '0002_waits.ts': `${waitingScript}\nexport const options = { transaction: false }\n`,
    },
    async (stage) => {
      const run = stage.start({ env: {} })
      await stage.waiting()
      await stage.evict()
      stage.go()
      const result = await run.done
      assertFailure(result, 75, terminated)
      assert.match(result.stderr, /repair --finished 0002_waits.*repair --retry 0002_waits/)
    },
  ))

describe('the session ends during a statement', { concurrency: 4 }, () => {
  const endings = {
    'by pg_terminate_backend': { env: {}, message: terminated, end: (stage: Stage) => stage.evict() },
    'by a TCP reset': { env: {}, message: lost, end: (stage: Stage) => stage.proxy.reset() },
    'in a black hole': {
      env: keepalive,
      message: /0002_sleeps ran: the server cannot be reached any more/,
      end: (stage: Stage) => stage.proxy.blackhole(),
    },
    'and its answer is lost': {
      env: keepalive,
      message: /0002_sleeps ran: the server no longer works for this session/,
      end: async (stage: Stage) => {
        stage.proxy.blackhole()
        stage.proxy.forward()
        await stage.allow()
      },
    },
  }
  for (const [how, { env, message, end }] of Object.entries(endings))
    for (const kind of ['transaction', 'stepwise'] as const)
      it(`${how}, ${kind}`, () =>
        withStage(patientMigrations(kind), async (stage) => {
          const run = stage.start({ env })
          await stage.executing('from patience')
          await end(stage)
          assertFailure(await run.done, 75, message)
          if (kind === 'transaction') await assertNothingDone(stage)
          else {
            await stage.evict()
            assert.deepEqual(await stage.effects(), ['before'])
            assert.deepEqual(await stage.history(), ['0001_effects applied', '0002_sleeps started'])
          }
          await stage.allow()
          assert.deepEqual(await stage.recover(), ['after', 'before'])
        }))
})

describe('the session ends while the runner waits for the run lock', { concurrency: 2 }, () => {
  const endings = {
    'by pg_terminate_backend': {
      message: /terminating connection due to administrator command/,
      end: async (stage: Stage, holder: number | undefined) => {
        for (const pid of await stage.backends())
          if (pid !== holder) await stage.db.query('select pg_terminate_backend($1)', [pid])
      },
    },
    'by a TCP reset': {
      message: /working on postgres:.*: (read ECONNRESET|connection reset|the server closed the connection)/,
      end: (stage: Stage) => stage.proxy.reset(),
    },
  }
  for (const [how, { message, end }] of Object.entries(endings))
    it(how, () =>
      withStage(script, async (stage) => {
        const holder = stage.start({ direct: true })
        await stage.waiting()
        const [pid] = await stage.backends()
        const waiter = stage.start()
        await waiter.waitForOutput(new RegExp(`run lock is held by pid ${pid}`))
        await end(stage, pid)
        assertFailure(await waiter.done, 75, message)
        stage.go()
        assert.equal((await holder.done).code, 0)
        assert.deepEqual(await stage.effects(), ['after', 'before'])
      }),
    )
})
