/** SIGKILL at every passing of every checkpoint of a way down; then the same line again gets to the end. */
import { test } from 'node:test'
import { goUndisturbed, killAndGoOn } from '../helpers/down-kills.ts'

for (const kind of ['postgres', 'sqlite'] as const)
  test(`killed wherever a down passes on ${kind}`, { concurrency: 4 }, async (t) => {
    const { sight, faults } = await goUndisturbed(kind)
    await Promise.all(faults.map((fault) => t.test(fault, () => killAndGoOn(kind, fault, sight))))
  })
