/** What looks wrong and is meant: late migrations that are allowed, and files wrapped in a transaction of their own. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SlipwayResult, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const messages = ({ stderr }: SlipwayResult, wanted: string): string[] =>
  stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === wanted)
    .map(({ message }) => message)

for (const dialect of ['PostgreSQL', 'SQLite'] as const)
  describe(dialect, () => {
    async function applyInTurn(
      steps: readonly (readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>])[],
    ): Promise<SlipwayResult> {
      await using db = await createTestDatabase(newestMajor)
      using workspace = createWorkspace()
      const url = dialect === 'SQLite' ? 'sqlite:app.db' : db.url()
      let result: SlipwayResult | undefined
      for (const [files, env] of steps) {
        workspace.write(
          Object.fromEntries(Object.entries(files).map(([name, text]) => [`migrations/${name}`, text])),
        )
        result = await slipway(['up'], { cwd: workspace.dir, env: { DATABASE_URL: url, ...env } })
        assert.equal(result.code, 0, result.stderr)
      }
      assert.ok(result)
      return result
    }
    const first = [{ '0002_b.sql': 'create table b (id integer);' }, {}] as const
    const late = { '0001_a.sql': 'create table a (id integer);' }

    test('SLIPWAY_OUT_OF_ORDER=allow says nothing, warn names both', async () => {
      for (const [mode, warned] of [
        ['allow', []],
        ['warn', ['0001_a is pending, but older than 0002_b, which is applied']],
      ] as const) {
        const second = await applyInTurn([first, [late, { SLIPWAY_OUT_OF_ORDER: mode }]])
        assert.deepEqual([...new Set(messages(second, 'warning'))], warned)
      }
    })

    for (const [name, text] of [
      [
        '0001_a.ts',
        'export const options = { outOfOrder: true }\nexport const up = async ({ sql }) => { await sql`create table a (id integer)` }\n',
      ],
      ['0001_a.sql', '-- migrate:up outOfOrder:true\ncreate table a (id integer);'],
    ] as const)
      test(`outOfOrder in ${name}`, async () => {
        await applyInTurn([first, [{ [name]: text }, {}]])
      })

    test('a file wrapped whole in begin and commit is unwrapped, with a notice', async () => {
      const result = await applyInTurn([
        [{ '0001_a.sql': '\ufeffbegin;\r\ncreate table a (id integer);\r\ncommit;\r\n' }, {}],
      ])
      const [notice = ''] = messages(result, 'notice')
      assert.match(notice, /0001_a .*begin.*commit/)
    })

    test('a migration for the other kind of database is skipped', async () => {
      const other = dialect === 'SQLite' ? 'postgres' : 'sqlite'
      const result = await applyInTurn([
        [{ '0001_a.sql': `-- migrate:up dialects:${other}\ncreate table a (id integer);` }, {}],
      ])
      const end = JSON.parse(result.stderr.trimEnd().split('\n').at(-1) ?? '{}')
      assert.deepEqual([end.applied, end.skipped], [[], ['0001_a']])
    })
  })
