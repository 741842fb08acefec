/** slipway.config.*, seen from outside: which file is taken, what it can be, and what is wrong with it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type BadInput, goodMigration, testBadInput } from '../helpers/bad-input.ts'
import { slipway } from '../helpers/cli.ts'
import { testPassword } from '../helpers/password.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const migration = { 'db/changes/0001_a.sql': 'create table a (id integer);' }

/** Every way to write one; all say the same. */
const forms: Readonly<Record<string, string>> = {
  'slipway.config.ts': `import type { SlipwayConfig } from 'slipway'
export default { dir: 'db/changes', databaseUrl: 'sqlite:app.db', table: 'runs' } satisfies SlipwayConfig
`,
  'slipway.config.js': "export default { dir: 'db/changes', databaseUrl: 'sqlite:app.db', table: 'runs' }\n",
  'slipway.config.mjs': `import { table } from './settings.ts'
export default { dir: 'db/changes', databaseUrl: 'sqlite:app.db', table }
`,
  'slipway.config.cjs': `const { table } = require('./settings.ts')
module.exports = { dir: 'db/changes', databaseUrl: 'sqlite:app.db', table }
`,
  'slipway.config.json':
    '\uFEFF{\r\n  "dir": "db/changes",\r\n  "databaseUrl": "sqlite:app.db",\r\n  "table": "runs"\r\n}\r\n',
}
const functions: Readonly<Record<string, string>> = {
  'a function': `import type { SlipwayConfig, SlipwayConfigInput } from 'slipway'
export default ({ env, environment }: SlipwayConfigInput): SlipwayConfig => ({
  dir: 'db/changes', databaseUrl: 'sqlite:' + env.WHERE, table: environment === 'production' ? 'runs' : 'wrong',
})
`,
  'an async function that imports late': `export default async ({ env }) => {
  const { table } = await import('./settings.ts')
  return { dir: 'db/changes', databaseUrl: 'sqlite:' + env.WHERE, table }
}
`,
  'a promise':
    "export default Promise.resolve({ dir: 'db/changes', databaseUrl: 'sqlite:app.db', table: 'runs' })\n",
}
const neighbour = { 'settings.ts': "export const table: string = 'runs'\n" }

async function expectApplied(workspace: Workspace, options: Parameters<typeof slipway>[1] = {}) {
  const result = await slipway(['up'], { cwd: workspace.dir, ...options })
  assert.equal(result.code, 0, result.stderr)
  assert.deepEqual(readSqlite(workspace.path('app.db'), 'select name from runs'), [{ name: '0001_a' }])
  return result
}

describe('what it can be', () => {
  for (const [name, text] of Object.entries(forms))
    for (const packageJson of ['{ "type": "commonjs" }', '{ "type": "module" }'])
      test(`${name} beside ${packageJson}`, async () => {
        using workspace = createWorkspace({
          ...migration,
          ...neighbour,
          [name]: text,
          'package.json': packageJson,
        })
        const { stderr } = await expectApplied(workspace)
        assert.doesNotMatch(stderr, /"level":"warn"/)
      })

  for (const [name, text] of Object.entries(functions))
    test(name, async () => {
      using workspace = createWorkspace({ ...migration, ...neighbour, 'slipway.config.ts': text })
      await expectApplied(workspace, { env: { WHERE: 'app.db', ENV: 'prod' } })
    })
})

test('the example of docs/settings.md is one', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/settings.md'), 'utf8')
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  using workspace = createWorkspace({ 'slipway.config.ts': example })
  const { code, stdout } = await slipway(['config', '--json'], { cwd: workspace.dir })
  assert.equal(code, 0, stdout)
  const { settings, warnings } = JSON.parse(stdout) as {
    settings: { name: string; from: { kind: string }[] }[]
    warnings: unknown[]
  }
  assert.deepEqual(warnings, [])
  const used = settings.filter(({ from }) => from[0]?.kind === 'config').map(({ name }) => name)
  assert.deepEqual(used, ['dir', 'grantSelectTo', 'ddlLockTimeout', 'onAhead'])
})

describe('where it is', () => {
  const config = "export default { dir: 'changes', databaseUrl: 'sqlite:../app.db', table: 'runs' }\n"
  const elsewhere = { ...migration, 'db/database.config.ts': config, 'app/keep': '' }

  test('named by a flag: its paths start at its own folder', async () => {
    using workspace = createWorkspace(elsewhere)
    const args = ['up', '--config', '../db/database.config.ts']
    const result = await slipway(args, { cwd: workspace.path('app') })
    assert.equal(result.code, 0, result.stderr)
    assert.deepEqual(readSqlite(workspace.path('app.db'), 'select name from runs'), [{ name: '0001_a' }])
  })

  test('named by SLIPWAY_CONFIG, and the one in the working directory is left alone', async () => {
    using workspace = createWorkspace({ ...elsewhere, 'slipway.config.ts': 'throw new Error()' })
    await expectApplied(workspace, { env: { SLIPWAY_CONFIG: 'db/database.config.ts' } })
  })

  test('named in .env', async () => {
    using workspace = createWorkspace({ ...elsewhere, '.env': 'SLIPWAY_CONFIG=db/database.config.ts' })
    await expectApplied(workspace)
  })

  test('a name that is nearly right is told', async () => {
    using workspace = createWorkspace({ ...migration, 'slipway.config.yaml': 'dir: db/changes' })
    const result = await slipway(['up', '--dir', 'db/changes'], {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: 'sqlite:app.db' },
    })
    assert.equal(result.code, 0, result.stderr)
    assert.match(
      result.stderr,
      /slipway\.config\.yaml is not read; a config file is one of slipway\.config\.ts/,
    )
  })
})

describe('who wins', () => {
  const files = {
    ...migration,
    'other/0001_b.sql': 'create table b (id integer);',
    'slipway.config.json': '{ "dir": "db/changes", "databaseUrl": "sqlite:app.db", "lokTimeout": "1s" }',
  }
  const applied = (workspace: Workspace) =>
    readSqlite(workspace.path('app.db'), 'select name from schema_migrations')

  for (const [name, options] of Object.entries({
    'a flag': { args: ['--dir', 'other'] },
    'a variable': { env: { SLIPWAY_DIR: 'other' } },
    'a file named by a variable': { env: { SLIPWAY_DIR_FILE: 'dir.txt' }, more: { 'dir.txt': 'other\n' } },
    '.env': { more: { '.env': 'SLIPWAY_DIR=other' } },
  } as Record<string, { args?: string[]; env?: Record<string, string>; more?: Record<string, string> }>))
    test(`${name} over the config file`, async () => {
      using workspace = createWorkspace({ ...files, ...options.more })
      const result = await slipway(['up', ...(options.args ?? [])], {
        cwd: workspace.dir,
        env: options.env ?? {},
      })
      assert.equal(result.code, 0, result.stderr)
      assert.deepEqual(applied(workspace), [{ name: '0001_b' }])
      assert.match(
        result.stderr,
        /unknown key lokTimeout in slipway\.config\.json; did you mean lockTimeout\?/,
      )
    })

  test('DATABASE_URL, which others share, over the config file', async () => {
    using workspace = createWorkspace(files)
    const result = await slipway(['up'], { cwd: workspace.dir, env: { DATABASE_URL: 'sqlite:shared.db' } })
    assert.equal(result.code, 0, result.stderr)
    assert.ok(workspace.has('shared.db') && !workspace.has('app.db'))
  })
})

const configRow = (
  name: string,
  files: Readonly<Record<string, string>>,
  more: Partial<BadInput> & Pick<BadInput, 'message'>,
): BadInput => ({
  name,
  files: { ...goodMigration, ...files },
  exit: 78,
  code: 'bad-config',
  hint: /correct|keep|export/,
  ...more,
})
const ts = 'slipway.config.ts'
const password = testPassword()
const url = `postgres://u:${encodeURIComponent(password)}@127.0.0.1/d`

testBadInput([
  configRow(
    'two of them',
    { [ts]: 'export default {}', 'slipway.config.json': '{}' },
    {
      message: /more than one config file: slipway\.config\.ts, slipway\.config\.json$/,
      hint: /keep one of them, or name it: SLIPWAY_CONFIG=slipway\.config\.ts/,
    },
  ),
  configRow(
    'one that is not there',
    {},
    {
      argv: ['up', '--config', 'deploy/slipway.config.ts'],
      message: /there is no config file deploy\/slipway\.config\.ts/,
      hint: /correct SLIPWAY_CONFIG or --config/,
    },
  ),
  configRow(
    'TypeScript that does not parse',
    { [ts]: `export default {\n  dir: 'a' table: '${url}' }\n` },
    {
      message: /slipway\.config\.ts does not parse/,
      at: { file: ts, line: 2, column: 12 },
    },
  ),
  configRow(
    'JavaScript that does not parse',
    { 'slipway.config.mjs': "export default {\n  dir: 'a' table: 'b' }\n" },
    {
      message: /slipway\.config\.mjs does not parse/,
      at: { file: 'slipway.config.mjs', line: 2 },
    },
  ),
  configRow(
    'TypeScript that cannot be erased',
    { [ts]: 'enum A { b }\nexport default {}\n' },
    {
      message: /enum/,
      hint: /an object instead of an enum/,
      at: { file: ts, line: 1 },
    },
  ),
  configRow(
    'JSON that does not parse',
    { 'slipway.config.json': `{\n  "databaseUrl": "${url}",\n}` },
    {
      message: /^slipway\.config\.json is not JSON$/,
      hint: /no comma after the last one/,
      at: { file: 'slipway.config.json', line: 3, column: 1 },
    },
  ),
  configRow(
    'JSON that ends too early',
    { 'slipway.config.json': `{ "databaseUrl": "${url}"` },
    {
      message: /^slipway\.config\.json is not JSON$/,
      hint: /correct it there/,
      at: { file: 'slipway.config.json', line: 1 },
    },
  ),
  configRow(
    'one that throws',
    { [ts]: `const url = ${JSON.stringify(url)}\nthrow new Error('no way to ' + url)\n` },
    {
      message: /slipway\.config\.ts cannot be imported: no way to (postgres:\/\/u:)?\*\*\*/,
      at: { file: ts, line: 2, column: 7 },
    },
  ),
  configRow(
    'a function that throws',
    { [ts]: 'export default () => {\n  throw new Error("not today")\n}\n' },
    {
      message: /slipway\.config\.ts failed: not today/,
      at: { file: ts, line: 2, column: 9 },
    },
  ),
  configRow(
    'a function that throws a text',
    { [ts]: "export default async () => { throw 'not today' }\n" },
    {
      message: /slipway\.config\.ts failed: not today/,
    },
  ),
  configRow(
    'a function that returns nothing',
    { [ts]: 'export default () => {}\n' },
    {
      message: /must export an object of settings, or a function that returns one, not undefined/,
    },
  ),
  configRow('a list', { 'slipway.config.json': '[]' }, { message: /not a list/ }),
  configRow(
    'no default export',
    { [ts]: "export const dir = 'x'\n" },
    {
      message: /slipway\.config\.ts has no default export/,
      hint: /export default/,
    },
  ),
  configRow(
    'an import of what is not installed',
    { [ts]: "import { x } from 'zod'\nexport default { x }\n" },
    {
      message: /Cannot find package 'zod'/,
      at: { file: ts, line: 1, column: 19 },
    },
  ),
  configRow(
    'a promise that never settles',
    { [ts]: 'export default new Promise(() => {})\n' },
    {
      message: /ended before the work was done: something is awaited that can never come/,
    },
  ),
  configRow(
    'one that ends the process',
    { [ts]: 'process.exit(0)\n' },
    {
      message: /process\.exit\(0\) was called, by the config file/,
    },
  ),
  configRow(
    'a folder of that name',
    { 'slipway.config.ts/x': '' },
    {
      message: /slipway\.config\.ts is no ordinary file/,
      hint: /put a file/,
    },
  ),
  configRow(
    'UTF-16',
    {},
    {
      files: { ...goodMigration, [ts]: Buffer.from('\uFEFFexport default {}', 'utf16le') },
      message: /slipway\.config\.ts is UTF-16 text/,
      hint: /UTF-8/,
    },
  ),
  configRow(
    'a value of the wrong type',
    { [ts]: 'export default { lockTimeout: 5 }\n' },
    {
      code: 'bad-setting',
      message: /^lockTimeout in slipway\.config\.ts must be a duration such as 500ms.*, not a number$/,
      hint: /^correct it in slipway\.config\.ts; .*: slipway config$/,
    },
  ),
  configRow(
    'a value of the right type and the wrong form',
    { [ts]: "export default { onAhead: 'alow' }\n" },
    {
      code: 'bad-setting',
      message: /^onAhead in slipway\.config\.ts must be one of allow, error, allow-breaking, not "alow"$/,
      hint: /^did you mean allow\? correct it in slipway\.config\.ts; .*: slipway config$/,
    },
  ),
  configRow(
    'a value of the right type that resembles nothing, and a file with a name of its own',
    { 'deploy/db.json': '{ "lockTimeout": "soon" }' },
    {
      code: 'bad-setting',
      argv: ['up', '--config', 'deploy/db.json'],
      message: /^lockTimeout in deploy\/db\.json must be a duration such as 500ms.*, not "soon"$/,
      hint: /^correct it in deploy\/db\.json; .*: slipway config --config deploy\/db\.json$/,
    },
  ),
  configRow(
    'a broken value in .env',
    { '.env': 'SLIPWAY_LOCK_TIMEOUT=soon' },
    {
      code: 'bad-setting',
      message: /^SLIPWAY_LOCK_TIMEOUT in \.env must be a duration such as 500ms.*, not "soon"$/,
      hint: /^correct it in \.env; .*: slipway config$/,
    },
  ),
  configRow(
    'a secret of the wrong type',
    { [ts]: `export default { databaseUrl: [${JSON.stringify(url)}] }\n` },
    {
      code: 'bad-setting',
      env: { SLIPWAY_DATABASE_URL: undefined },
      message: /^databaseUrl in slipway\.config\.ts must be a text, not a list$/,
    },
  ),
  configRow(
    'a malformed URL',
    { [ts]: `export default { databaseUrl: ${JSON.stringify(url.replace('postgres', 'postgers'))} }\n` },
    {
      code: 'bad-url',
      env: { SLIPWAY_DATABASE_URL: undefined },
      message: /^databaseUrl in slipway\.config\.ts has the unknown scheme postgers:/,
      hint: /did you mean postgres:/,
    },
  ),
])

test('without one nothing is loaded for it', () => {
  using workspace = createWorkspace()
  assert.deepEqual(filesLoaded(workspace), { 'files/config-file.ts': false, 'files/script.ts': false })
  workspace.write({ 'slipway.config.json': '{}' })
  assert.equal(filesLoaded(workspace)['files/config-file.ts'], true)
})

/** In a process of its own, since modules stay loaded. */
function filesLoaded(workspace: Workspace): Record<string, boolean> {
  const place = join(import.meta.dirname, '../../src/terminal/read-config.ts')
  const program = `
    import { registerHooks } from 'node:module'
    const seen = []
    registerHooks({ load: (url, context, next) => { seen.push(url); return next(url, context) } })
    const { readConfig } = await import(${JSON.stringify(place)})
    await readConfig({ flags: {}, env: {}, cwd: process.cwd(), stderrIsTTY: false })
    const names = ['files/config-file.ts', 'files/script.ts']
    console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, seen.some((url) => url.endsWith(name))]))))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: workspace.dir,
    encoding: 'utf8',
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}
