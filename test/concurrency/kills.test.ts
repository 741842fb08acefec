/** One SIGKILL at each checkpoint, and after each statement that no transaction shields, then `up` again; test/faults/kill-matrix.test.ts has the many. */
import { test } from 'node:test'
import { faultsAtEachPoint, faultsWithin, killAndRecover, runUndisturbed } from '../helpers/kill-case.ts'
import { withoutPgbouncer } from '../helpers/pgbouncer.ts'
import { newestMajor } from '../helpers/postgres.ts'
import { openPooledArena, postgresArena } from '../helpers/postgres-arena.ts'
import { sqliteArena } from '../helpers/sqlite-arena.ts'

for (const arena of [postgresArena(newestMajor), sqliteArena]) {
  test(`killed once at each checkpoint on ${arena.label}`, { concurrency: 3 }, async (t) => {
    const { sight, passings } = await runUndisturbed(arena)
    const faults = [
      ...faultsAtEachPoint(arena, passings, 1),
      ...faultsWithin(passings, 'statement-done', '0004_stepwise'),
    ]
    await Promise.all(faults.map((fault) => t.test(fault, () => killAndRecover(arena, fault, sight))))
  })
}

test('killed once at each checkpoint through PgBouncer', {
  concurrency: 3,
  skip: withoutPgbouncer,
}, async (t) => {
  await using arena = await openPooledArena(newestMajor)
  const { sight, passings } = await runUndisturbed(arena)
  const faults = [
    ...faultsAtEachPoint(arena, passings, 1),
    ...faultsWithin(passings, 'statement-done', '0004_leaves'),
  ]
  await Promise.all(faults.map((fault) => t.test(fault, () => killAndRecover(arena, fault, sight))))
})
