/** Kills a runner, runs again, and compares with a run that nobody disturbed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { checkpoints } from '../../src/events.ts'
import { slipway } from './cli.ts'
import { faultOptions } from './fault-point.ts'
import type { Arena, Sight } from './kill-arena.ts'
import { createWorkspace, type Workspace, writeMigrations } from './workspace.ts'

export interface Undisturbed {
  readonly sight: Sight
  /** How often a run passes each checkpoint. */
  readonly passes: ReadonlyMap<string, number>
}

export async function runUndisturbed(arena: Arena): Promise<Undisturbed> {
  using workspace = createWorkspace()
  await using ground = await arena.open(workspace)
  const log = workspace.path('checkpoints')
  const run = await up(arena, workspace, ground.url, { log })
  assert.equal(run.code, 0, run.stderr)
  const passes = new Map<string, number>()
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    const point = line.split(' ')[0] ?? ''
    passes.set(point, (passes.get(point) ?? 0) + 1)
  }
  return { sight: await ground.look(), passes }
}

/** `fault` as in fault-point.ts. A kill that comes late may find the run at its end. */
export async function killAndRecover(arena: Arena, fault: string, expected: Sight): Promise<void> {
  using workspace = createWorkspace()
  await using ground = await arena.open(workspace)
  const first = await up(arena, workspace, ground.url, { fault })
  const isLate = fault.includes('kill-after') && first.code === 0
  if (!isLate) assert.equal(first.signal, 'SIGKILL', `${fault} did not kill: ${first.code}\n${first.stderr}`)
  const second = await up(arena, workspace, ground.url, {})
  assert.equal(second.code, 0, second.stderr)
  const sight = await ground.look()
  assert.ok(sight.again >= 1, 'the resumable script did its work')
  assert.deepEqual({ ...sight, again: expected.again }, expected)
  assert.equal(await ground.locks(), 0, 'locks left')
}

function up(
  arena: Arena,
  workspace: Workspace,
  url: string,
  disturbance: { readonly fault?: string; readonly log?: string },
) {
  const { nodeOptions, env } = faultOptions(disturbance)
  return slipway(['up'], {
    env: {
      SLIPWAY_DATABASE_URL: url,
      SLIPWAY_DIR: writeMigrations(workspace, arena.migrations),
      ...env,
    },
    ...(Object.keys(env).length === 0 ? {} : { nodeOptions }),
  })
}

/** `count` kills at every checkpoint, spread over the times that a run passes it. */
export function faultsAtEachPoint(passes: ReadonlyMap<string, number>, count: number): string[] {
  return checkpoints.flatMap((point) => {
    const times = passes.get(point) ?? 0
    assert.ok(times > 0, `a run passes the checkpoint ${point}`)
    return Array.from({ length: count }, (_, n) => {
      const nth = 1 + (count === 1 ? times >> 1 : Math.round((n * (times - 1)) / (count - 1)))
      return `${point}:${Math.min(nth, times)}`
    })
  })
}

/** Kills at random instants: up to `withinMs` after a random passing of a random checkpoint. */
export function randomFaults(
  passes: ReadonlyMap<string, number>,
  options: { readonly count: number; readonly withinMs: number; readonly random: () => number },
): string[] {
  const below = (n: number) => Math.floor(options.random() * n)
  const passings = [...passes].flatMap(([point, times]) =>
    Array.from({ length: times }, (_, index) => `${point}:${index + 1}`),
  )
  return Array.from(
    { length: options.count },
    () => `${passings[below(passings.length)]}:kill-after:${below(options.withinMs)}`,
  )
}

/** Mulberry32: a generator that a failure can be repeated with. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
