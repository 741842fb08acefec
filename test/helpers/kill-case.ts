/** Kills a runner, runs again, and compares with a run that nobody disturbed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type Checkpoint, checkpoints } from '../../src/events.ts'
import { slipway } from './cli.ts'
import { faultOptions } from './fault-point.ts'
import type { Arena, Sight } from './kill-arena.ts'
import { createWorkspace, type Workspace, writeMigrations } from './workspace.ts'

export interface Passing {
  readonly point: string
  readonly migration: string
}

export interface Undisturbed {
  readonly sight: Sight
  /** The checkpoints it passed, in order. */
  readonly passings: readonly Passing[]
}

export async function runUndisturbed(arena: Arena): Promise<Undisturbed> {
  using workspace = createWorkspace()
  await using ground = await arena.open(workspace)
  const log = workspace.path('checkpoints')
  const run = await up(arena, workspace, ground.url, { log })
  assert.equal(run.code, 0, run.stderr)
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  const passings = lines.map((line) => {
    const [point = '', migration = ''] = line.split(' ')
    return { point, migration }
  })
  return { sight: await ground.look(), passings }
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

/** Which passing of its checkpoint each one is: `committed:3`. */
function nameFaults(passings: readonly Passing[]): string[] {
  const times = new Map<string, number>()
  return passings.map(({ point }) => {
    const nth = (times.get(point) ?? 0) + 1
    times.set(point, nth)
    return `${point}:${nth}`
  })
}

/** `count` kills at every checkpoint of a run (`adopt` has one more), spread over the times that a run passes it. */
export function faultsAtEachPoint(
  { without = [] }: Pick<Arena, 'without'>,
  passings: readonly Passing[],
  count: number,
): string[] {
  const names = nameFaults(passings)
  const wanted = checkpoints.filter((point) => point !== 'folder-changed' && !without.includes(point))
  return wanted.flatMap((point) => {
    const here = names.filter((name) => name.startsWith(`${point}:`))
    assert.ok(here.length > 0, `a run passes the checkpoint ${point}`)
    return Array.from({ length: count }, (_, n) => {
      const place = count === 1 ? here.length >> 1 : Math.round((n * (here.length - 1)) / (count - 1))
      return here[place] ?? point
    })
  })
}

/** A kill at each passing of `point` in a migration. */
export function faultsWithin(passings: readonly Passing[], point: Checkpoint, migration: string): string[] {
  const names = nameFaults(passings)
  const faults = names.filter(
    (_, at) => passings[at]?.point === point && passings[at]?.migration === migration,
  )
  assert.ok(faults.length > 0, `${migration} passes the checkpoint ${point}`)
  return faults
}

/** Kills at random instants: up to `withinMs` after a random passing of a random checkpoint. */
export function randomFaults(
  passings: readonly Passing[],
  options: { readonly count: number; readonly withinMs: number; readonly random: () => number },
): string[] {
  const below = (n: number) => Math.floor(options.random() * n)
  const names = nameFaults(passings)
  return Array.from(
    { length: options.count },
    () => `${names[below(names.length)]}:kill-after:${below(options.withinMs)}`,
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
