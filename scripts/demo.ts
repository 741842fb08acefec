/** The README's first command: the worked example in migrations/, on SQLite, from an empty folder. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = join(root, '.demo')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)

const env = {
  ...process.env,
  SLIPWAY_DATABASE_URL: `sqlite://${join(folder, 'demo.db')}`,
  SLIPWAY_DIR: join(root, 'migrations'),
  SLIPWAY_LOG_FORMAT: 'pretty',
}

for (const words of [['up'], ['up'], ['status']]) {
  console.log(`\n$ slipway ${words.join(' ')}`)
  const { status } = spawnSync(process.execPath, [join(root, 'dist/slipway.cjs'), ...words], {
    env,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
