import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const root = join(import.meta.dirname, '../..')

/** What a fresh clone would have: no ignored file, the others as they are now. */
export function cloneWorkingCopy(): Workspace {
  const workspace = createWorkspace()
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const names = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n')
  for (const name of names.filter((name) => name !== '' && existsSync(join(root, name)))) {
    if (name === 'node_modules') continue
    mkdirSync(dirname(workspace.path(name)), { recursive: true })
    copyFileSync(join(root, name), workspace.path(name))
  }
  return workspace
}
