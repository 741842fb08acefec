/** What `exec` becomes: scripts with and without a #! line, and what cannot be run. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync } from 'node:fs'
import { after, test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const workspace = createWorkspace({
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'bin/shebang': '#!/bin/sh\nprintf "%s|" "$@"\nexit 7\n',
  'bin/plain': 'printf "%s|" "$@"\nexit 7\n',
  'bin/empty': '',
  'bin/lost': '#!/no/such/interpreter -x\n',
  'bin/windows': '#!/bin/sh\r\necho hello\r\n',
  'bin/unmarked': '#!/bin/sh\n',
})
for (const name of ['shebang', 'plain', 'empty', 'lost', 'windows'])
  chmodSync(workspace.path('bin', name), 0o755)
after(() => workspace[Symbol.dispose]())

const exec = (database: string, ...command: string[]) =>
  slipway(['exec', '--', ...command], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: `sqlite:${database}`, PATH: `bin:${process.env.PATH ?? ''}` },
  })

for (const command of ['shebang', 'plain', './bin/plain'])
  test(`${command} gets its arguments as they are`, async () => {
    const { code, stdout, stderr } = await exec('run.db', command, 'a b', '', '$HOME', '--', '--help')
    assert.equal(stdout, 'a b||$HOME|--|--help|', stderr)
    assert.equal(code, 7)
  })

test('an empty script does nothing, successfully', async () => {
  const { code, stderr } = await exec('run.db', 'empty')
  assert.equal(code, 0, stderr)
})

const impossible: readonly [command: string, says: RegExp][] = [
  ['lost', /lost is to be run by \/no\/such\/interpreter, which is not an executable file/],
  ['windows', /windows has a first line that ends as on Windows/],
  ['./bin/unmarked', /\.\/bin\/unmarked is not an executable file/],
  ['./bin', /\.\/bin is not an executable file/],
  ['nowhere', /nowhere was not found on the PATH/],
]

for (const [command, says] of impossible)
  test(`${command} is refused before anything is migrated`, async () => {
    const { code, stderr } = await exec('untouched.db', command)
    assert.equal(code, 78)
    assert.match(stderr, says)
    assert.equal(existsSync(workspace.path('untouched.db')), false)
  })
