/**
 * SIGKILL at each step of rebuilding a table: what is left is the table as it was or as it was to be, with every row,
 * and the next run ends as one that nobody disturbed.
 */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { faultOptions } from '../helpers/fault-point.ts'
import { lookAtLarge, makeLargeParent } from '../helpers/large-parent.ts'
import { createWorkspace, type Workspace, writeMigrations } from '../helpers/workspace.ts'

const migrations = {
  '0001_narrow.ts': `export const up = async ({ op }) => {
  await op.dropColumn('parent', 'kind')
  await op.addUnique('parent', ['name', 'n'])
}`,
}

const points = [
  'foreign-keys-off',
  'rebuild-step',
  'last-statement-done',
  'history-row-written',
  'commit-sent',
  'committed',
]

function up(workspace: Workspace, file: string, options: { readonly fault?: string; readonly log?: string }) {
  const { nodeOptions, env } = faultOptions(options)
  return slipway(['up'], {
    env: {
      SLIPWAY_DATABASE_URL: `sqlite://${file}`,
      SLIPWAY_DIR: writeMigrations(workspace, migrations),
      ...env,
    },
    nodeOptions,
  })
}

test('kills at each step of a rebuild', { timeout: 1_200_000 }, async (t) => {
  using workspace = createWorkspace()
  const original = workspace.path('original.db')
  makeLargeParent(original)
  const before = lookAtLarge(original)
  const calm = workspace.path('calm.db')
  copyFileSync(original, calm)
  const log = workspace.path('checkpoints')
  const run = await up(workspace, calm, { log })
  assert.equal(run.code, 0, run.stderr)
  const after = lookAtLarge(calm)
  assert.notDeepEqual(after, before)

  const seen = new Map<string, number>()
  const faults = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .flatMap((point) => {
      seen.set(point, (seen.get(point) ?? 0) + 1)
      return points.includes(point) ? [`${point}:${seen.get(point)}`] : []
    })
  assert.equal(
    faults.filter((fault) => fault.startsWith('rebuild-step')).length,
    16,
    'two tables of eight steps',
  )
  for (const fault of faults)
    await t.test(fault, async () => {
      const file = workspace.path('killed.db')
      for (const ending of ['', '-journal', '-wal', '-shm'])
        workspace.has(`killed.db${ending}`) && workspace.write({ [`killed.db${ending}`]: undefined })
      copyFileSync(original, file)
      const first = await up(workspace, file, { fault })
      assert.equal(first.signal, 'SIGKILL', first.stderr)
      assert.deepEqual(lookAtLarge(file), fault.startsWith('committed') ? after : before)
      const second = await up(workspace, file, {})
      assert.equal(second.code, 0, second.stderr)
      assert.deepEqual(lookAtLarge(file), after)
    })
})
