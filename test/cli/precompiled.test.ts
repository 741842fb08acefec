/** The code cache of an image: used where it fits, ignored where it does not, and never a reason to behave otherwise. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { leftOut } from '../../src/precompile.ts'
import { cliPath, nodePath, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const files = {
  'migrations/0001_a.sql': 'create table a (id integer);\n',
  'migrations/0002_b.ts':
    "import { name } from './_helper.ts'\nexport const up = async ({ sql }) => { await sql.raw(name) }\n",
  'migrations/_helper.ts': 'export const name: string = "create table b (id integer)"\n',
  'migrations/0003_c.cjs':
    "exports.up = async ({ sql }) => { await import('node:fs'); await sql`select 1` }\n",
}

/** A copy of the package, compiled. */
function install(workspace: Workspace): string {
  const dist = dirname(cliPath)
  cpSync(dist, workspace.path('package/dist'), { recursive: true })
  symlinkSync(join(dist, '../node_modules'), workspace.path('package/node_modules'))
  const printed = execFileSync(nodePath, [workspace.path('package/dist/precompile.cjs')], {
    encoding: 'utf8',
  })
  assert.match(printed, /^slipway: \d+ files compiled for Node \d/)
  return workspace.path('package/dist/slipway.cjs')
}

const run = (workspace: Workspace, cli: string, args: readonly string[], url = 'sqlite:app.db') =>
  slipway(args, {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: url },
    command: [nodePath, cli],
  })

const cacheOf = (workspace: Workspace) => workspace.path('package/dist/bundle/compiled/cli.cjs.bin')

test('everything works with it, on both kinds of database', async () => {
  using workspace = createWorkspace(files)
  const cli = install(workspace)
  await using db = await createTestDatabase(newestMajor)
  for (const url of ['sqlite:app.db', db.url()])
    for (const words of ['3 migrations applied', 'up to date: 3 applied']) {
      const { code, stderr } = await run(workspace, cli, ['up'], url)
      assert.equal(code, 0, stderr)
      assert.ok(stderr.includes(words), stderr)
    }
  for (const args of [['status'], ['verify'], ['history'], ['--help'], ['version']]) {
    const { code, stderr } = await run(workspace, cli, args)
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
  }
  workspace.write({ 'migrations/0004_d.ts': 'export const up = async () => { throw new Error("no") }\n' })
  const failed = await run(workspace, cli, ['up'])
  assert.equal(failed.code, 70)
  assert.match(failed.stderr, /0004_d\.ts/)
})

test('it has what a container runs, and not what somebody types', () => {
  using workspace = createWorkspace(files)
  install(workspace)
  const bundle = readdirSync(workspace.path('package/dist/bundle'))
  const compiled = readdirSync(workspace.path('package/dist/bundle/compiled'))
  for (const name of ['cli', 'session', 'postgres-driver', 'sqlite', 'exec', 'wait', 'serve', 'healthcheck'])
    assert.ok(compiled.includes(`${name}.cjs.bin`), name)
  for (const name of leftOut) {
    assert.ok(bundle.includes(`${name}.cjs`), `${name} is called otherwise now`)
    assert.ok(!compiled.includes(`${name}.cjs.bin`), name)
  }
})

test('it is what runs: V8 compiles nothing of a bundle that it knows', async () => {
  using workspace = createWorkspace(files)
  const cli = install(workspace)
  const bundle = workspace.path('package/dist/bundle/cli.cjs')
  // As long as the true one, which is all that V8 looks at; what is compiled already is not looked at again.
  writeFileSync(bundle, "throw new Error('compiled')".padEnd(readFileSync(bundle).length))
  assert.equal((await run(workspace, cli, ['up'])).code, 0)
  writeFileSync(cacheOf(workspace), '')
  const { code, stderr } = await run(workspace, cli, ['up'])
  assert.notEqual(code, 0)
  assert.ok(stderr.includes("throw new Error('compiled')"), stderr.slice(0, 500))
})

test('one of another build or another Node, or half of one, is ignored', async () => {
  using workspace = createWorkspace(files)
  const cli = install(workspace)
  const path = cacheOf(workspace)
  const cache = readFileSync(path)
  const head = cache.subarray(0, cache.indexOf('\n') + 1).toString()
  const body = cache.subarray(head.length)
  const noise = Buffer.alloc(body.length, 'x')
  const [slip, name, build, version = '', arch, length] = head.trimEnd().split(' ')
  const wrong: Readonly<Record<string, Buffer>> = {
    empty: Buffer.alloc(0),
    half: cache.subarray(0, cache.length / 2),
    'no line': body,
    'another build': Buffer.from(`${slip} ${name} 0123456789abcdef ${version} ${arch} ${length}\n${noise}`),
    'another Node': Buffer.from(`${slip} ${name} ${build} v99.0.0 ${arch} ${length}\n${noise}`),
    'another machine': Buffer.from(`${slip} ${name} ${build} ${version} vax ${length}\n${noise}`),
    'what V8 does not know': Buffer.concat([Buffer.from(head), noise]),
  }
  for (const [what, bytes] of Object.entries(wrong)) {
    writeFileSync(path, bytes)
    const { code, stderr } = await run(workspace, cli, ['up'])
    assert.equal(code, 0, `${what}: ${stderr}`)
  }
})

test('making it again gives the same files, and nothing is left beside them', () => {
  using workspace = createWorkspace()
  install(workspace)
  const folder = workspace.path('package/dist/bundle/compiled')
  const names = readdirSync(folder)
  assert.ok(names.includes('cli.cjs.bin') && names.includes('postgres-driver.cjs.bin'))
  assert.deepEqual(
    names.filter((name) => !name.endsWith('.cjs.bin')),
    [],
  )
  execFileSync(nodePath, [workspace.path('package/dist/precompile.cjs')])
  assert.deepEqual(readdirSync(folder), names)
})
