import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSlipway } from './cli.ts'
import { faultOptions, parseFaults } from './fault-point.ts'
import { createWorkspace } from './workspace.ts'

const passTwo = `
  const { channel } = require('node:diagnostics_channel')
  const pass = (point, migration) => channel('slipway:checkpoint').publish({ point, migration })
  process.on('SIGTERM', () => { console.log('term'); process.exit(143) })
  const keep = setTimeout(() => {}, 5000)
  pass('locked'); console.log('after locked')
  pass('committed', '001_a'); console.log('after first')
  pass('committed', '002_b'); console.log('after second')
  setImmediate(() => clearTimeout(keep))`

function run(fault: string | undefined, code = passTwo, log?: string) {
  const options = faultOptions({
    ...(fault === undefined ? {} : { fault }),
    ...(log === undefined ? {} : { log }),
  })
  const command = [process.execPath, ...options.nodeOptions, '-e', code] as [string, ...string[]]
  return startSlipway([], { command, env: options.env }).done
}

test('without a fault all checkpoints pass and are logged', async () => {
  using workspace = createWorkspace()
  const result = await run(undefined, passTwo, workspace.path('log'))
  assert.equal(result.code, 0)
  assert.equal(workspace.read('log'), 'locked -\ncommitted 001_a\ncommitted 002_b\n')
})

test('kill acts on the spot, at the nth time', async () => {
  const first = await run('committed')
  assert.deepEqual([first.signal, first.stdout], ['SIGKILL', 'after locked\n'])
  const second = await run('committed:2:kill')
  assert.deepEqual([second.signal, second.stdout], ['SIGKILL', 'after locked\nafter first\n'])
})

test('a point that is not passed often enough does nothing', async () => {
  assert.equal((await run('committed:3')).code, 0)
  assert.equal((await run('between-migrations')).code, 0)
})

test('term is an ordinary SIGTERM', async () => {
  const result = await run('committed:term')
  assert.equal(result.code, 143)
  assert.match(result.stdout, /after second\nterm\n/)
})

test('pause blocks, and several faults combine', async () => {
  const result = await run('locked:pause:300,committed:2:kill')
  assert.equal(result.signal, 'SIGKILL')
  assert.equal(result.stdout, 'after locked\nafter first\n')
  assert.ok(result.durationMs >= 300)
})

test('kill-after kills although the main thread is busy', async () => {
  const busy = `
    const { channel } = require('node:diagnostics_channel')
    channel('slipway:checkpoint').publish({ point: 'statement-sent' })
    console.log('sent')
    const end = Date.now() + 20000
    while (Date.now() < end);
    console.log('done')`
  const result = await run('statement-sent:kill-after:200', busy)
  assert.deepEqual([result.signal, result.stdout], ['SIGKILL', 'sent\n'])
})

test('an armed kill-after that is not reached does not keep the process', async () => {
  assert.equal((await run('before-unlock:kill-after:10')).code, 0)
})

for (const bad of ['', 'x:0', 'x:1:explode', 'x:pause', 'x:pause:soon', 'x:1:kill:5', 'x:1:2'])
  test(`TEST_FAULT=${bad} is refused`, () => {
    assert.throws(() => parseFaults(bad), /TEST_FAULT/)
  })
