/** What is told of a run is out before the next thing happens: a killed process leaves a log that says where it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const files = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_b.ts': "export const up = () => { process.kill(process.pid, 'SIGKILL') }\n",
}

async function expectTold(url: string): Promise<void> {
  using workspace = createWorkspace(files)
  const { stderr } = await slipway(['up'], { cwd: workspace.dir, env: { SLIPWAY_DATABASE_URL: url } })
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
  const told = lines.map((line) => JSON.parse(line) as { event: string; migration?: string })
  const starts = told.filter(({ event }) => event === 'step-started').map(({ migration }) => migration)
  assert.deepEqual(starts, ['0001_a', '0002_b'], stderr)
  assert.equal(told[0]?.event, 'run-started')
}

test('SQLite', () => expectTold('sqlite:app.db'))

test('PostgreSQL', async () => {
  await using db = await createTestDatabase(newestMajor)
  await expectTold(db.url())
})
