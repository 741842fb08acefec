/**
 * Preloaded into slipway with `--import`, it acts at the checkpoints that src/events.ts publishes.
 * `TEST_FAULT=point[:nth][:action]`, several separated by commas; nth counts from 1, the action is one of
 * - `kill` (default): SIGKILL to itself, on the spot;
 * - `term`: SIGTERM to itself;
 * - `pause:ms`: blocks the main thread;
 * - `kill-after:ms`: SIGKILL from another thread, also while the main thread is in a synchronous call.
 * `TEST_CHECKPOINT_LOG=file` appends a line `point migration` for each checkpoint passed.
 */
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

export interface Fault {
  readonly point: string
  readonly nth: number
  readonly action: 'kill' | 'term' | 'pause' | 'kill-after'
  readonly ms: number
}

export function parseFaults(text: string): Fault[] {
  return text.split(',').map(parseFault)
}

function parseFault(text: string): Fault {
  const [point = '', ...rest] = text.split(':')
  const nth = /^\d+$/.test(rest[0] ?? '') ? Number(rest.shift()) : 1
  const [action = 'kill', ms, surplus] = rest
  const timed = action === 'pause' || action === 'kill-after'
  const known = timed || action === 'kill' || action === 'term'
  const complete = timed ? /^\d+$/.test(ms ?? '') : ms === undefined
  if (point === '' || nth < 1 || !known || !complete || surplus !== undefined)
    throw new Error(`TEST_FAULT cannot be read: ${text}`)
  return { point, nth, action, ms: Number(ms ?? 0) }
}

/** Options for `slipway()`: what to pass so that the fault happens and the checkpoints are logged. */
export function faultOptions(options: { fault?: string; log?: string }): {
  nodeOptions: string[]
  env: Record<string, string>
} {
  if (options.fault !== undefined) parseFaults(options.fault)
  return {
    nodeOptions: ['--import', pathToFileURL(import.meta.filename).href],
    env: {
      ...(options.fault === undefined ? {} : { TEST_FAULT: options.fault }),
      ...(options.log === undefined ? {} : { TEST_CHECKPOINT_LOG: options.log }),
    },
  }
}

function install(faults: readonly Fault[], log: string | undefined): void {
  const seen = new Map<string, number>()
  const armed = new Map(faults.map((fault) => [fault, prepare(fault)]))
  subscribe('slipway:checkpoint', (message) => {
    const { point, migration } = message as { point: string; migration?: string }
    if (log !== undefined) appendFileSync(log, `${point} ${migration ?? '-'}\n`)
    const count = (seen.get(point) ?? 0) + 1
    seen.set(point, count)
    for (const [fault, act] of armed) if (fault.point === point && fault.nth === count) act()
  })
}

function prepare(fault: Fault): () => void {
  switch (fault.action) {
    case 'kill':
      return () => process.kill(process.pid, 'SIGKILL')
    case 'term':
      return () => process.kill(process.pid, 'SIGTERM')
    case 'pause':
      return () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fault.ms)
    case 'kill-after':
      return startKiller(fault.ms)
  }
}

/** The thread starts now, because a busy main thread could not start it later. */
function startKiller(ms: number): () => void {
  const go = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { workerData: { go, ms, pid } } = require('node:worker_threads')
    Atomics.wait(go, 0, 0)
    Atomics.wait(go, 0, 1, ms)
    process.kill(pid, 'SIGKILL')`
  new Worker(code, { eval: true, workerData: { go, ms, pid: process.pid } }).unref()
  return () => {
    Atomics.store(go, 0, 1)
    Atomics.notify(go, 0)
  }
}

const { TEST_FAULT, TEST_CHECKPOINT_LOG } = process.env
if (TEST_FAULT !== undefined || TEST_CHECKPOINT_LOG !== undefined)
  install(TEST_FAULT === undefined ? [] : parseFaults(TEST_FAULT), TEST_CHECKPOINT_LOG)
