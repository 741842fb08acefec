/**
 * The tests of the image: `node test/image/run.ts [filter …]`. It starts an engine of its own where none answers, builds
 * the images, runs the files beside it, and takes all of it away again. On Debian it installs what it needs.
 * - TEST_BASE_IMAGES=public: with the public base images, where they can be pulled; else with stand-ins made here;
 * - TEST_IMAGE_HOME=DIR: engine data and images stay there for the next run, which then takes seconds to begin.
 */
import { spawn } from 'node:child_process'
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findLeaksInFiles } from '../helpers/leak-log.ts'
import { testPassword } from '../helpers/password.ts'
import { withImages } from './setup/stage.ts'

const root = join(import.meta.dirname, '../..')
const filters = process.argv.slice(2)
const files = globSync('test/image/*.test.ts', { cwd: root })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
if (files.length === 0) throw new Error('no test file matches')

process.exitCode = await withImages(async (runDir, stop) => {
  const leakLog = join(runDir, 'shown.log')
  writeFileSync(leakLog, '')
  process.env.TEST_RUN_DIR = runDir
  process.env.TEST_LEAK_LOG = leakLog
  testPassword()
  const code = await runTests(stop)
  const leaks = findLeaksInFiles([leakLog], testPassword())
  for (const leak of leaks) console.error(`the password of this run leaked: ${leak}`)
  return leaks.length > 0 ? 1 : code
})

async function runTests(stop: AbortSignal): Promise<number> {
  const args = ['--test', '--test-concurrency=2', '--test-timeout=900000', ...files]
  // In a group of its own, with everything that a test starts and may not live to end.
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', detached: true })
  stop.addEventListener('abort', () => child.kill('SIGTERM'))
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  killGroup(child.pid)
  return code
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody is left in it, as it should be.
  }
}
