/** `new --template` and `templates`. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { exampleFlags } from '../../src/templates/ask.ts'
import { fillTemplate } from '../../src/templates/placeholders.ts'
import { templates } from '../../src/templates/registry.ts'
import { renderTemplate } from '../../src/templates/render.ts'
import { type SlipwayOptions, slipway } from '../helpers/cli.ts'
import { commandIn, createTypist } from '../helpers/typed.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const create = (workspace: Workspace, args: readonly string[], more: SlipwayOptions = {}) =>
  slipway(['new', ...args], { cwd: workspace.dir, ...more })
const pathsOf = (stdout: string) => stdout.trimEnd().split('\n')
const withoutVersion = (path: string) => path.replace(/^.*\/\d{14}_/, '')

// test/docs/templates.test.ts types the example of each one.
describe('a template writes what renderTemplate gives', { concurrency: 2 }, () => {
  for (const template of templates.filter(({ name }) => ['rename-column', 'recreate-table'].includes(name))) {
    const { name, example, not } = template
    test(name, async () => {
      using workspace = createWorkspace()
      const dialect = not?.postgres === undefined ? 'postgres' : 'sqlite'
      const typist = createTypist(workspace, {})
      const line = `slipway new ${name} ${exampleFlags(template)} --dialect ${dialect}`
      const { code, stdout, stderr } = await typist.type(line)
      assert.equal(code, 0, stderr)
      const { files } = renderTemplate(name, { ...example, name, dialect })
      const written = pathsOf(stdout)
      assert.deepEqual(
        written.map((path) => ({ name: withoutVersion(path), text: workspace.read(path) })),
        files,
      )
      assert.deepEqual(written.toSorted(), written, 'in the order in which they are applied')
    })
  }
})

test('--sql is for the configured database, --dialect for another; --pair makes two files of one version', async () => {
  using workspace = createWorkspace({ '.env': 'DATABASE_URL=postgres://app@db/app\n' })
  const flags = ['--template', 'add-index', '--table', 'users', '--column', 'email']
  const sql = await create(workspace, ['a', ...flags, '--sql'])
  assert.match(workspace.read(pathsOf(sql.stdout)[0] ?? ''), /create index concurrently/)
  const other = await create(workspace, ['b', ...flags, '--sql', '--dialect', 'sqlite'])
  assert.match(workspace.read(pathsOf(other.stdout)[0] ?? ''), /create index users_email_idx on/)
  const pair = await create(workspace, ['c', ...flags, '--pair'])
  const [up = '', down = ''] = pathsOf(pair.stdout)
  assert.match(up, /^migrations\/\d{14}_c\.up\.sql$/)
  assert.equal(down, up.replace('.up.', '.down.'))
})

test('what is missing is named, and the command to type then works', async () => {
  using workspace = createWorkspace()
  const typist = createTypist(workspace, { SLIPWAY_LOG_FORMAT: 'pretty' })
  const asked = await typist.type("slipway new x --template add-check --table 'my orders'")
  assert.deepEqual([asked.code, asked.stdout], [64, ''])
  assert.match(asked.stderr, /add-check: --check is missing/)
  const next = commandIn(asked, / new x /)
  assert.equal(next, "slipway new x --template add-check --table 'my orders' --check 'total >= 0'")
  assert.equal((await typist.type(next)).code, 0)
  assert.equal(readdirSync(workspace.path('migrations')).length, 1, 'the refusal wrote nothing')
})

for (const [name, args, code, exit, message, hint] of [
  [
    'a template that is not there',
    ['x', '--template', 'add-colum'],
    'unknown-template',
    64,
    /no template add-colum/,
    /add-column/,
  ],
  ['flags without a template', ['x', '--table', 'users'], 'bad-argument', 64, /none is named/, /--template/],
  ['a var that is none', ['x', '--template', 'a', '--var', 'x'], 'bad-argument', 64, /KEY=VALUE/, /help/],
  ['a dialect that is none', ['x', '--dialect', 'mysql'], 'bad-value', 64, /postgres or sqlite/, /help/],
  [
    'SQL that cannot be',
    ['x', '--template', 'backfill', '--table', 'a', '--set', 'b = 1', '--sql', '--dialect', 'sqlite'],
    'template-unavailable',
    64,
    /no batches/,
    /leave out --sql/,
  ],
  [
    'a folder of templates that is not there',
    ['x', '--templates', 'nowhere'],
    'bad-template',
    66,
    /nowhere/,
    /SLIPWAY_TEMPLATES/,
  ],
] as const)
  test(name, async () => {
    using workspace = createWorkspace()
    const result = await create(workspace, args, { env: { SLIPWAY_LOG_FORMAT: 'json' } })
    assert.equal(result.code, exit, result.stderr)
    const { error } = JSON.parse(result.stderr) as { error: { code: string; message: string; hint: string } }
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.match(error.hint, hint)
    assert.equal(workspace.has('migrations'), false)
  })

const own = {
  'migrations/_templates/audited.sql':
    '-- migrate:up\ncreate table {{id table}} (id integer, owner text default {{text owner}}, at_{{kind}} text);\n\n-- migrate:down\ndrop table {{ id table }};\n',
  'migrations/_templates/up.sql': 'select {{text x}};\n',
  'migrations/_templates/touch.ts':
    "// {{name}}\nexport const up = async ({ sql }) => {\n  await sql`insert into ${sql.id({{string table}})} values (1, ${ {{string owner}} }, 'x')`\n}\n",
  'migrations/_templates/halves.up.sql': 'create table {{name}} (id integer);\n',
  'migrations/_templates/halves.down.sql': 'drop table {{name}};\n',
  'migrations/_templates/README.md': 'no template',
  'migrations/0001_a.sql': 'create table a (id integer);\n',
}

/** With a value of {{kind}}. */
const fill = (text: string, kind: string) =>
  fillTemplate(
    { name: 'audited', files: [{ extension: '.sql', shown: 'audited.sql', text }] },
    {
      slug: 'x',
      dialect: 'sqlite',
      values: new Map([
        ['table', 'a'],
        ['owner', 'o'],
        ['kind', kind],
      ]),
    },
  )

describe("a project's own templates", () => {
  test('are filled, applied and no migrations themselves', async () => {
    using workspace = createWorkspace(own)
    const env = { SLIPWAY_DATABASE_URL: 'sqlite:app.db' }
    const table = 'it\'s "`${x}`" \\ --'
    const values = ['--table', `"${table.replaceAll('"', '""')}"`, '--var', `owner=${table}`]
    const made = await create(workspace, ['one', '--template', 'audited', ...values, '--var', 'kind=dawn'], {
      env,
    })
    assert.equal(made.code, 0, made.stderr)
    const [path = ''] = pathsOf(made.stdout)
    assert.match(
      workspace.read(path),
      /create table "it's ""`\$\{x\}`"" \\ --" \(id integer, owner text default 'it''s "/,
    )
    const script = await create(
      workspace,
      ['two', '--template', 'touch', '--table', table, '--var', `owner=${table}`],
      { env },
    )
    assert.equal(script.code, 0, script.stderr)
    const pair = await create(workspace, ['three', '--template', 'halves'], { env })
    assert.deepEqual(pathsOf(pair.stdout).map(withoutVersion), ['three.up.sql', 'three.down.sql'])
    const up = await slipway(['up'], { cwd: workspace.dir, env })
    assert.equal(up.code, 0, up.stderr)
    const { stdout } = await slipway(['status', '--json'], { cwd: workspace.dir, env })
    assert.equal((JSON.parse(stdout) as { migrations: unknown[] }).migrations.length, 4)
  })

  test('one called blank is what new writes', async () => {
    using workspace = createWorkspace({ 'migrations/_templates/blank.sql': '-- {{name}}\n' })
    const { stdout } = await create(workspace, ['x'])
    assert.equal(workspace.read(pathsOf(stdout)[0] ?? ''), '-- x\n')
  })

  test('missing and hostile values are refused with the command', async () => {
    using workspace = createWorkspace(own)
    const env = { SLIPWAY_LOG_FORMAT: 'pretty' }
    const missing = await create(workspace, ['x', '--template', 'audited', '--table', 'b c'], { env })
    assert.equal(missing.code, 64)
    assert.match(missing.stderr, /missing: --var owner=VALUE, --var kind=VALUE/)
    assert.match(
      missing.stderr,
      /slipway new x --template audited --table 'b c' --var owner=VALUE --var kind=VALUE/,
    )
    const given = ['x', '--template', 'audited', '--table', 'a', '--var', 'owner=o']
    const quoted = await create(workspace, [...given, '--var', "kind=k'"], { env })
    assert.equal(quoted.code, 64)
    assert.match(quoted.stderr, /slipway new x --template audited --table a --var owner=o --var kind=VALUE/)
    for (const kind of ['a b', 'a;b', 'a--b', '`', '${x}', 'a\nb', '"', '-', ''])
      assert.throws(() => fill(own['migrations/_templates/audited.sql'], kind), /bad-argument|kind/, kind)
    const surplus = await create(workspace, [...given, '--var', 'kind=k', '--to', 'b'], { env })
    assert.match(surplus.stderr, /has no \{\{to\}\}/)
    const long = await create(workspace, [
      'x',
      '--template',
      'audited',
      '--table',
      'x'.repeat(64),
      '--var',
      'owner=o',
      '--var',
      'kind=k',
    ])
    assert.match(long.stderr, /63 bytes/)
    const script = await create(
      workspace,
      ['x', '--template', 'touch', '--table', 'a', '--var', 'owner=b', '--sql'],
      { env },
    )
    assert.match(script.stderr, /touch is a template of this project, and has no SQL/)
    assert.deepEqual(readdirSync(workspace.path('migrations')).length, 2)
  })

  test('placeholders that make no sense, halves and doubles are named', async () => {
    using workspace = createWorkspace({
      't/a.sql': 'select {{string x}}',
      't/b.ts': '// {{id x}}',
      't/c.down.sql': 'select 1',
      't/d.ts': '',
      't/d.js': '',
      't/e.sql': Uint8Array.of(0x61, 0),
    })
    for (const [name, message] of [
      ['a', /t\/a\.sql: \{\{string x\}\} has no meaning/],
      ['b', /t\/b\.ts: \{\{id x\}\} has no meaning/],
      ['c', /c\.down\.sql has no c\.up\.sql/],
      ['d', /d is there as \.js and as \.ts|d is there as \.ts and as \.js/],
      ['e', /NUL byte/],
    ] as const) {
      const result = await create(workspace, ['x', '--template', name, '--templates', 't', '--var', 'x=y'])
      assert.equal(result.code, 66, result.stderr)
      assert.match(result.stderr, message)
      assert.match(result.stderr, /bad-template/)
    }
  })
})

test('templates lists all of them, the own ones first; --json for programs', async () => {
  using workspace = createWorkspace(own)
  const { stdout, code } = await slipway(['templates'], { cwd: workspace.dir })
  assert.equal(code, 0)
  for (const { name } of templates) assert.match(stdout, new RegExp(`^${name} `, 'm'))
  assert.match(stdout, /^audited .*\(of this project\)\n +--table TABLE --var owner=VALUE --var kind=VALUE$/m)
  const { stdout: json } = await slipway(['templates', '--json'], { cwd: workspace.dir })
  const { templates: listed } = JSON.parse(json) as { templates: { name: string; source: string }[] }
  assert.equal(listed[0]?.source, 'project')
  assert.equal(listed.length, templates.length + 4)
})
