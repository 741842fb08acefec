import assert from 'node:assert/strict'
import { it } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { faultOptions } from '../helpers/fault-point.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

for (const point of ['committed', 'before-unlock'])
  it(`starts no program after a SIGTERM that came late (${point})`, async () => {
    using workspace = createWorkspace()
    const dir = writeMigrations(workspace, { '0001_t.sql': 'create table t (id integer);' })
    const fault = faultOptions({ fault: `${point}:term` })
    const { code, stdout, stderr } = await slipway(['exec', '--', 'echo', 'the app runs'], {
      nodeOptions: fault.nodeOptions,
      env: { SLIPWAY_DATABASE_URL: `sqlite://${workspace.path('app.db')}`, SLIPWAY_DIR: dir, ...fault.env },
    })
    assert.equal(code, 143, stderr)
    assert.equal(stdout, '')
  })
