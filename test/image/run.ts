/**
 * The tests of the image: `node test/image/run.ts [filter …]`. It starts an engine of its own where none answers, builds
 * the images, runs the files beside it, and takes all of it away again. On Debian it installs what it needs.
 * - TEST_BASE_IMAGES=public: with the public base images, where they can be pulled; else with stand-ins made here;
 * - TEST_IMAGE_HOME=DIR: engine and images stay there for the next run, which then takes seconds to begin.
 */
import { spawn } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findLeaksInFiles } from '../helpers/leak-log.ts'
import { testPassword } from '../helpers/password.ts'
import { provideEngine } from './setup/engine.ts'
import { buildImages, nameImages } from './setup/images.ts'
import { install, providePlugins } from './setup/tools.ts'

const root = join(import.meta.dirname, '../..')
const filters = process.argv.slice(2)
const files = globSync('test/image/*.test.ts', { cwd: root })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
if (files.length === 0) throw new Error('no test file matches')

const kept = process.env.TEST_IMAGE_HOME
const home = kept ?? mkdtempSync(join(tmpdir(), 'slipway-image-'))
mkdirSync(home, { recursive: true })
const runDir = join(home, `run-${process.pid}`)
mkdirSync(runDir)
for (const dir of [home, runDir]) chmodSync(dir, 0o755)
process.env.TEST_RUN_DIR = runDir
process.env.TEST_LEAK_LOG = join(runDir, 'shown.log')
writeFileSync(process.env.TEST_LEAK_LOG, '')
testPassword()

try {
  process.exitCode = await runSuite()
} finally {
  // What the engine made there is root's, as this process is.
  rmSync(kept === undefined ? home : runDir, { recursive: true, force: true })
}

async function runSuite(): Promise<number> {
  await using _engine = await provideEngine(home)
  install(['shellcheck', 'buildah'])
  providePlugins(home)
  nameImages()
  const began = performance.now()
  buildImages(home)
  console.log(`images built in ${Math.round((performance.now() - began) / 1000)} s`)
  const code = await runTests()
  const leaks = findLeaksInFiles([process.env.TEST_LEAK_LOG ?? ''], testPassword())
  for (const leak of leaks) console.error(`the password of this run leaked: ${leak}`)
  return leaks.length > 0 ? 1 : code
}

function runTests(): Promise<number> {
  const args = ['--test', '--test-concurrency=2', '--test-timeout=600000', ...files]
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
