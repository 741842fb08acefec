/**
 * Runs the test files with Node's own runner. `node test/run.ts [suite] [filter …]`; without a suite, `default`:
 * everything except the folders that have a script of their own.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const slow = ['faults', 'majors']
const [first, ...rest] = process.argv.slice(2)
const suite = first !== undefined && slow.includes(first) ? first : 'default'
const filters = suite === 'default' && first !== undefined ? [first, ...rest] : rest

const files = globSync('test/**/*.test.ts', { cwd: root })
  .map((file) => relative(root, join(root, file)))
  .filter((file) => !file.startsWith('test/tmp'))
  .filter((file) =>
    suite === 'default'
      ? !slow.some((s) => file.startsWith(`test/${s}/`))
      : file.startsWith(`test/${suite}/`),
  )
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()

if (files.length === 0) {
  console.error('no test file matches')
  process.exit(1)
}
const run = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=3', '--test-timeout=300000', ...files],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
process.exit(run.status ?? 1)
