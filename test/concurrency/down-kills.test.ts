/** SIGKILL at every checkpoint of a way down; then the same line again gets to the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goUndisturbed, killAndGoOn } from '../helpers/down-kills.ts'

for (const kind of ['postgres', 'sqlite'] as const)
  test(`killed at each checkpoint of a down on ${kind}`, { concurrency: 3 }, async (t) => {
    const { sight, faults } = await goUndisturbed(kind)
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
    await Promise.all(faults.map((fault) => t.test(fault, () => killAndGoOn(kind, fault, sight))))
  })
