/** An older image, without the file: the text that history stored is run, if it can be trusted and needs nothing else. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Kind, openPlace } from '../helpers/place.ts'
import { newestMajor, sharedPostgres, uniqueName } from '../helpers/postgres.ts'

const head = '0001_a.sql'
const newer = {
  '0002_single.sql': `-- migrate:up
create table single (id integer);
-- migrate:down
drop table single;
`,
  '0003_pair.up.sql': 'create table pair (id integer);\n',
  '0003_pair.down.sql': '-- a comment that says export const up\ndrop table pair;\n',
  '0004_script.ts': `import type { Migration } from 'slipway'
export const up: Migration = async ({ sql }) => { await sql\`create table script (id integer)\` }
export const down: Migration = async ({ sql, tableExists }) => {
  if (await tableExists('script')) await sql\`drop table script\`
}
`,
  '0005_common.cjs': `exports.up = async ({ sql }) => { await sql\`create table common (id integer)\` }
exports.down = async ({ sql }) => { await sql\`drop table common\` }
`,
}
const all = { [head]: 'create table a (id integer);', ...newer }
const gone = Object.fromEntries(Object.keys(newer).map((name) => [`migrations/${name}`, undefined]))

const kinds: readonly Kind[] = ['postgres', 'sqlite']

for (const kind of kinds)
  describe(kind, () => {
    test('SQL in one file or two, TypeScript and CommonJS', async () => {
      await using place = await openPlace(kind, { [head]: all[head] ?? '' })
      await place.expect(0, 'up')
      const before = await place.catalogue()
      place.workspace.write(
        Object.fromEntries(Object.entries(newer).map(([name, text]) => [`migrations/${name}`, text])),
      )
      await place.expect(0, 'up')
      place.workspace.write(gone)
      const refused = await place.expect(65, 'down --to 0001_a')
      assert.match(refused.stderr, /0005_common cannot be reverted[\s\S]*0002_single cannot be reverted/)
      const shown = await place.expect(0, 'down --to 0001_a --from-history --dry-run')
      assert.match(shown.stdout, /0004_script {2}in a transaction, from the text in history/)
      await place.expect(0, 'down --to 0001_a --from-history', { TMPDIR: '/nonexistent' })
      assert.deepEqual(await place.history(), ['0001_a applied'])
      assert.equal(await place.catalogue(), before)
      await place.expect(0, 'verify')
    })

    for (const [what, text, name] of [
      [
        'a neighbour',
        "import { x } from './_x.ts'\nexport const up = async () => {}\nexport const down = async () => x\n",
        './_x.ts',
      ],
      [
        'a module of Node',
        "import { readFileSync } from 'node:fs'\nexport const up = async () => {}\nexport const down = async () => readFileSync\n",
        'node:fs',
      ],
      [
        'something as it runs',
        "export const up = async () => {}\nexport const down = async () => { await import('node:fs') }\n",
        'node:fs',
      ],
    ] as const)
      test(`a script that imports ${what} is refused by name`, async () => {
        await using place = await openPlace(kind, {
          [head]: all[head] ?? '',
          '0002_b.ts': text,
          '_x.ts': 'export const x = 1\n',
        })
        await place.expect(0, 'up')
        place.workspace.write({ 'migrations/0002_b.ts': undefined })
        const refused = await place.expect(79, 'down --from-history')
        assert.match(refused.stderr, new RegExp(`0002_b imports ${name}, which history does not hold`))
        const json = JSON.parse(
          lastJson((await place.run('down --from-history', { SLIPWAY_LOG_FORMAT: 'json' })).stderr),
        )
        assert.equal(json.error.code, 'not-self-contained')
        assert.equal((await place.history()).length, 2)
      })

    test('a script with require is refused by name', async () => {
      await using place = await openPlace(kind, {
        [head]: all[head] ?? '',
        '0002_b.cjs':
          "const fs = require('fs')\nexports.up = async () => {}\nexports.down = async () => fs\n",
      })
      await place.expect(0, 'up')
      place.workspace.write({ 'migrations/0002_b.cjs': undefined })
      assert.match((await place.expect(79, 'down --from-history')).stderr, /0002_b imports fs/)
    })
  })

/** The last line that holds an error. */
function lastJson(text: string): string {
  return (
    text
      .trim()
      .split('\n')
      .findLast((line) => line.includes('"error"')) ?? '{}'
  )
}

const stored = { [head]: all[head] ?? '', '0002_single.sql': newer['0002_single.sql'] }

for (const [what, grants] of [
  ['everybody', (_: string) => ['grant insert on schema_migrations to public']],
  ['another role', (role: string) => [`create role ${role}`, `grant update on schema_migrations to ${role}`]],
  [
    'another role, one column',
    (role: string) => [`create role ${role}`, `grant update (source) on schema_migrations to ${role}`],
  ],
  [
    'a member of the owner',
    (role: string) => [
      `create role ${role}_owner`,
      `create role ${role} login in role ${role}_owner`,
      `alter table schema_migrations owner to ${role}_owner`,
    ],
  ],
  [
    'a role that writes every table',
    (role: string) => [`create role ${role} login in role pg_write_all_data`],
  ],
] as const)
  test(`a history that can be written by ${what} is not trusted`, async () => {
    await using place = await openPlace('postgres', stored)
    await place.expect(0, 'up')
    place.workspace.write({ 'migrations/0002_single.sql': undefined })
    const role = uniqueName('writer')
    try {
      for (const grant of grants(role)) await place.change(grant)
      const refused = await place.expect(79, 'down --from-history')
      const who = what === 'everybody' ? 'PUBLIC' : role
      assert.match(refused.stderr, new RegExp(`may be written by others than its owner: .*${who}`))
      assert.deepEqual(await place.history(), ['0001_a applied', '0002_single applied'])
    } finally {
      const server = await sharedPostgres(newestMajor)
      await server.dropDatabase(place.database)
      await server.query('postgres', `drop role if exists ${role}`)
      await server.query('postgres', `drop role if exists ${role}_owner`)
    }
  })

test('history-not-trusted: those who may only read do not matter', async () => {
  await using place = await openPlace('postgres', stored)
  await place.expect(0, 'up', { SLIPWAY_GRANT_SELECT_TO: 'public' })
  place.workspace.write({ 'migrations/0002_single.sql': undefined })
  await place.expect(0, 'down --from-history')
})
