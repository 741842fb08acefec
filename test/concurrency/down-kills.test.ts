/** SIGKILL once at each checkpoint of a way down, and after each statement that no transaction shields; then the same line again gets to the end. test/faults/down-kills.test.ts has them all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goUndisturbed, killAndGoOn } from '../helpers/down-kills.ts'

for (const kind of ['postgres', 'sqlite'] as const)
  test(`killed at each checkpoint of a down on ${kind}`, { concurrency: 3 }, async (t) => {
    const { sight, faults, few } = await goUndisturbed(kind)
    for (const point of [
      'intent-written',
      'statement-done',
      'history-row-written',
      'commit-sent',
      'committed',
    ])
      assert.ok(
        faults.some((fault) => fault.startsWith(point)),
        `passes ${point}`,
      )
    await Promise.all(few.map((fault) => t.test(fault, () => killAndGoOn(kind, fault, sight))))
  })
