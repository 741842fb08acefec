/** docker-entrypoint.sh read with `.`; what it does as a program is in test/image/. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const script = join(import.meta.dirname, '../../docker-entrypoint.sh')

for (const shell of ['sh', 'bash'])
  test(`${shell}: strict, and with a $0 that is no file`, () => {
    const text = '. "$1"; type slipway_entrypoint >&2; echo "goes on"'
    const { status, stdout, stderr } = spawnSync(shell, ['-euc', text, 'nowhere.sh', script], {
      encoding: 'utf8',
    })
    assert.deepEqual([status, stdout], [0, 'goes on\n'], stderr)
  })
