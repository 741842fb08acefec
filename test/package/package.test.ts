/** What npm would publish: it works in an empty folder, beside nothing but its dependencies, and is the same every time. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { nodePath, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const root = join(import.meta.dirname, '../..')

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(dir, name)).isFile())
    .sort()
}

/** npm's tarball, unpacked where npm would put it, with links to what it would install beside. */
function install(workspace: Workspace): string {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', workspace.dir]
  const tarball = execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim().split('\n').at(-1) ?? ''
  const modules = workspace.path('app/node_modules')
  const home = join(modules, 'slipway')
  mkdirSync(home, { recursive: true })
  execFileSync('tar', ['-xzf', workspace.path(tarball), '-C', home, '--strip-components=1'])
  linkDependencies(home, modules)
  return home
}

function linkDependencies(home: string, modules: string): void {
  const { dependencies = {} } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    const link = join(modules, name)
    if (existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link)
    linkDependencies(join(root, 'node_modules', name), modules)
  }
}

test('what npm publishes migrates in an empty folder, on both kinds of database', async () => {
  using workspace = createWorkspace({
    'app/migrations/0001_a.sql': 'create table a (id integer);\n',
    'app/migrations/0002_b.ts': `import type { Migration } from 'slipway'
export const up: Migration = async ({ sql }) => { await sql\`create table b (id integer)\` }
`,
    'app/.env': 'SLIPWAY_LOG_FORMAT=pretty\n',
  })
  const home = install(workspace)
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  await using db = await createTestDatabase(newestMajor)
  for (const url of [db.url(), 'sqlite:app.db']) {
    const { code, stderr } = await slipway(['up'], {
      cwd: workspace.path('app'),
      env: { SLIPWAY_DATABASE_URL: url },
      command: [nodePath, resolve(home, bin.slipway)],
    })
    assert.equal(code, 0, stderr)
    assert.match(stderr, /2 migrations applied/)
  }
  const library = await import(join(home, 'dist/index.js'))
  assert.deepEqual(Object.keys(library).sort(), ['SlipwayError', 'createMigrator', 'renderTemplate'])
  for (const databaseUrl of [db.url(), `sqlite://${workspace.path('app/app.db')}`]) {
    const migrator = await library.createMigrator({ databaseUrl, dir: workspace.path('app/migrations') })
    assert.deepEqual((await migrator.up()).applied, [])
    assert.equal((await migrator.verify()).ok, true)
    const error = await migrator.up({ to: 'nowhere' }).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof library.SlipwayError)
  }
})

test('it ships what it needs: no sources, no compiled cache, the licences of what is bundled', () => {
  using workspace = createWorkspace()
  const home = install(workspace)
  const names = filesBelow(home)
  assert.deepEqual(
    names.filter((name) => /\.ts$/.test(name) && !name.endsWith('.d.ts')),
    [],
  )
  assert.deepEqual(
    names.filter((name) => name.includes('compiled') || name.endsWith('.map')),
    [],
  )
  const licences = readFileSync(join(home, 'dist/THIRD-PARTY-LICENSES'), 'utf8')
  for (const name of ['postgres', 'pino', 'dotenv', 'execa', 'diff', 'fastest-levenshtein', 'postgres-array'])
    assert.match(licences, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'))
  assert.match(licences, /^slipway is under this licence:/)
})

test('a migration is type-checked with the types that are shipped', () => {
  const migration = `import type { Migration, MigrationOptions } from 'slipway'
export const options: MigrationOptions = { transaction: false, dependsOn: ['0001_a'] }
export const up: Migration = async ({ sql, columnExists }) => {
  if (!(await columnExists('users', 'email'))) await sql\`alter table users add column email text\`
}
`
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'dom'],
      types: [],
      skipLibCheck: false,
    },
    include: ['migrations'],
  }
  using workspace = createWorkspace({
    'app/package.json': '{ "type": "module" }',
    'app/tsconfig.json': JSON.stringify(config),
    'app/migrations/0002_b.ts': migration,
  })
  install(workspace)
  const check = () =>
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', workspace.path('app')], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  assert.equal(check(), '')
  workspace.write({
    'app/migrations/0002_b.ts': migration.replace('transaction: false', "transaction: 'no'"),
  })
  assert.throws(check, ({ stdout }) => /not assignable to type 'boolean/.test(stdout))
})

test('a program is type-checked with the types that are shipped', () => {
  const program = `import { createMigrator, SlipwayError, type RunEvent } from 'slipway'
const listen = (event: RunEvent): void => { if (event.type === 'step-finished') void event.durationMs.toFixed() }
await using migrator = await createMigrator({ databaseUrl: 'sqlite:a.db', lockTimeout: '1s', onEvent: listen })
const { applied } = await migrator.up({ to: 'head', signal: AbortSignal.timeout(1000) })
void applied.join()
try {
  await migrator.verify()
} catch (error) {
  if (error instanceof SlipwayError && error.code === 'changed') void error.progress?.applied
}
`
  using workspace = createWorkspace({
    'app/package.json': '{ "type": "module" }',
    'app/tsconfig.json': JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        module: 'nodenext',
        target: 'es2024',
        lib: ['es2024', 'esnext.disposable', 'dom'],
        types: [],
        skipLibCheck: false,
      },
      include: ['program.ts'],
    }),
    'app/program.ts': program,
  })
  install(workspace)
  const check = () =>
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', workspace.path('app')], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  assert.equal(check(), '')
  workspace.write({ 'app/program.ts': program.replace("'changed'", "'chnaged'") })
  assert.throws(check, ({ stdout }) => /no overlap/.test(stdout))
})

test('the same sources give the same bytes', () => {
  using workspace = createWorkspace()
  const [first, second] = ['first', 'second'].map((name) => {
    execFileSync(process.execPath, [join(root, 'scripts/build.ts'), workspace.path(name)], { stdio: 'pipe' })
    return filesBelow(workspace.path(name)).map((file) => ({
      file: relative('', file),
      bytes: readFileSync(workspace.path(name, file)).toString('base64'),
    }))
  })
  assert.deepEqual(
    first?.map(({ file }) => file),
    second?.map(({ file }) => file),
  )
  for (const [index, { file, bytes }] of (first ?? []).entries())
    assert.ok(bytes === second?.[index]?.bytes, file)
})
