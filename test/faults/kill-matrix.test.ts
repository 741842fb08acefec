/**
 * SIGKILL at every checkpoint and at random instants, then `up` again: catalogue, history and effects are those of a
 * run that nobody disturbed. `TEST_SEED` repeats the random part of an earlier run.
 */
import { type TestContext, test } from 'node:test'
import type { Arena } from '../helpers/kill-arena.ts'
import {
  faultsAtEachPoint,
  killAndRecover,
  randomFaults,
  runUndisturbed,
  seededRandom,
} from '../helpers/kill-case.ts'
import { withoutPgbouncer } from '../helpers/pgbouncer.ts'
import { newestMajor, postgresMajors } from '../helpers/postgres.ts'
import { openPooledArena, postgresArena } from '../helpers/postgres-arena.ts'
import { sqliteArena } from '../helpers/sqlite-arena.ts'

const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const whole = { each: 10, random: 100 }
const share = { each: 3, random: 20 }

const arenas: readonly { readonly arena: Arena; readonly counts: typeof whole }[] = [
  ...postgresMajors.map((major) => ({
    arena: postgresArena(major),
    counts: major === newestMajor ? whole : share,
  })),
  { arena: sqliteArena, counts: whole },
]

async function killAll(t: TestContext, arena: Arena, counts: typeof whole): Promise<void> {
  const { sight, passings } = await runUndisturbed(arena)
  const random = seededRandom(seed)
  const faults = [
    ...faultsAtEachPoint(arena, passings, counts.each),
    ...randomFaults(passings, { count: counts.random, withinMs: 300, random }),
  ]
  await Promise.all(faults.map((fault) => t.test(fault, () => killAndRecover(arena, fault, sight))))
}

for (const { arena, counts } of arenas)
  test(`kills on ${arena.label}, TEST_SEED=${seed}`, { concurrency: 4 }, (t) => killAll(t, arena, counts))

for (const major of postgresMajors)
  test(`kills on PostgreSQL ${major} through PgBouncer, TEST_SEED=${seed}`, {
    concurrency: 4,
    skip: withoutPgbouncer,
  }, async (t) => {
    await using arena = await openPooledArena(major)
    await killAll(t, arena, major === newestMajor ? whole : share)
  })
