/** dist/ from src/: what the npm package ships and what the tests run. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
copyFileSync(join(root, 'src/slipway.cjs'), join(root, 'dist/slipway.cjs'))
chmodSync(join(root, 'dist/slipway.cjs'), 0o755)
