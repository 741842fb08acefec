/** `slipway sql` beside migrations that work in many transactions: run where they are replayed, refused where they would be printed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, sharedPostgres } from '../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'

const files = {
  '0001_users.sql':
    '-- migrate:up\ncreate table users (id integer primary key, n integer);\ninsert into users values (1, null), (2, null);\n-- migrate:down\ndrop table users;',
  '0002_long.ts': `export const options = { transaction: false, resumable: true }
export const up = async ({ backfill, createIndexConcurrently }) => {
  await backfill({ table: 'users', set: 'n = id' })
  await createIndexConcurrently('users', 'n', { name: 'users_n' })
}
export const down = async ({ sql }) => { await sql\`drop index users_n\` }
`,
  // What it prints tells whether the backfill before it has really run.
  '0003_later.ts': `export const up = async ({ sql }) => {
  const [row] = await sql\`select count(n) as filled from users\`
  await sql\`insert into users (id, n) values (\${10 + Number(row.filled)}, 1)\`
}
export const down = async ({ sql }) => { await sql\`delete from users where id = 12\` }
`,
}

for (const label of ['PostgreSQL', 'SQLite'])
  describe(label, () => {
    test('long work that is applied, or outside of what is printed, stops nothing', async () => {
      using workspace = createWorkspace()
      writeMigrations(workspace, files)
      await using db = label === 'SQLite' ? undefined : await createTestDatabase(newestMajor)
      const env = {
        SLIPWAY_DATABASE_URL: db?.url() ?? `sqlite://${workspace.path('app.db')}`,
        ...(db === undefined ? {} : { SLIPWAY_SCRATCH_URL: (await sharedPostgres(newestMajor)).url() }),
      }
      const run = (...argv: string[]) => slipway(argv, { cwd: workspace.dir, env })
      const print = async (...argv: string[]) => {
        const { code, stdout, stderr } = await run('sql', ...argv)
        assert.equal(code, 0, stderr)
        return stdout
      }
      const refuse = async (...argv: string[]) => {
        const { code, stdout, stderr } = await run('sql', ...argv)
        assert.deepEqual([code, stdout], [70, ''])
        return JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '').error
      }
      const error = await refuse('--from', 'base')
      assert.equal(error.code, 'long-work-refused')
      assert.match(error.hint, /slipway up --to 0002_long.*slipway sql --from 0002_long/)
      assert.doesNotMatch(await print('--from', 'base', '--to', '0001'), /0002_long/)
      assert.match(await print('--from', '0002'), /insert into users \(id, n\) values \('?12'?/)
      assert.equal((await run('up', '--to', '0002')).code, 0)
      assert.match(await print(), /insert into users \(id, n\) values \('?12'?/)
      assert.match(await print('--from', 'head', '--down', '--to', '0001'), /drop index users_n/)
    })
  })
