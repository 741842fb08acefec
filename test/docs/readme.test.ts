/** The commands and the migrations of the guides are run, as a reader would. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { cliPath, nodePath, slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'
import { type Block, readBlocks, readWord } from './markdown.ts'

const root = join(import.meta.dirname, '../..')
const read = (page: string) => readFileSync(join(root, page), 'utf8')

for (const page of ['README.md', 'migrations/QUICK_START.md']) {
  test(`the commands of ${page}`, () => {
    using workspace = createWorkspace()
    const script = toScript(readBlocks(read(page)))
    assert.match(script, /slipway up/)
    const { status, stdout, stderr } = runScript(workspace, script)
    assert.equal(status, 0, `${stdout}\n${stderr}`)
  })
}

test('a command that fails fails the page', () => {
  using workspace = createWorkspace()
  const page =
    '```sh test\nexport SLIPWAY_DATABASE_URL=sqlite:a.db\nnpx slipway bogus\nnpx slipway version\n```\n'
  assert.equal(runScript(workspace, toScript(readBlocks(page))).status, 64)
})

test('the migrations of migrations/README.md on PostgreSQL', async () => {
  await using db = await createTestDatabase(newestMajor)
  assert.deepEqual(await applyExamples(db.url()), {
    '0001_create_ships': 'applied',
    '0002_name_harbours': 'applied',
    '0003_index_ship_names': 'applied',
  })
  const [index] = await db.query("select indisvalid from pg_index where indexrelid = 'ships_name'::regclass")
  assert.equal(index?.indisvalid, true)
})

test('the migrations of migrations/README.md on SQLite', async () => {
  using workspace = createWorkspace()
  assert.deepEqual(await applyExamples(`sqlite://${workspace.path('app.db')}`), {
    '0001_create_ships': 'applied',
    '0002_name_harbours': 'applied',
    '0003_index_ship_names': 'skipped',
  })
})

test('the worked example on PostgreSQL', async () => {
  await using db = await createTestDatabase(newestMajor)
  const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_DIR: join(root, 'migrations') }
  assert.equal((await slipway(['up'], { env })).code, 0)
  const [post] = await db.query('select title, email from posts join users on users.id = author_id')
  assert.deepEqual({ ...post }, { title: 'All aboard', email: 'harbour@example.com' })
})

test('the demo shows a run, a run with nothing to do, and the status', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/demo.ts')], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, `${stdout}\n${stderr}`)
  assert.match(stderr, /3 migrations applied[\s\S]*up to date: 3 applied/)
  assert.match(stdout, /counts +3 applied, 0 pending/)
})

test('TypeScript in the pages is sound', () => {
  const files = [
    'README.md',
    'migrations/README.md',
    'migrations/QUICK_START.md',
    'docs/settings.md',
    'docs/library.md',
    'docs/hooks.md',
    'docs/operations.md',
    'docs/templates.md',
  ].flatMap((page) =>
    readBlocks(read(page))
      .filter(({ language }) => language === 'ts')
      .map(({ text, line }) => [`${page.replace(/\W/g, '_')}_${line}.ts`, text] as const),
  )
  assert.ok(files.length >= 3)
  using workspace = createWorkspace({
    ...Object.fromEntries(files),
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        paths: { slipway: [join(root, 'src/index.ts')] },
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }),
  })
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { status, stdout } = spawnSync(tsc, ['-p', workspace.path('tsconfig.json')], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

/** `sh test` blocks as they are, in one shell; a block with `file=` becomes the file that matches. */
function toScript(blocks: readonly Block[]): string {
  return blocks
    .flatMap((block) => {
      const file = readWord(block, 'file')
      if (file !== undefined) return [`cat > "$(ls ${file})" <<'END_OF_BLOCK'\n${block.text}END_OF_BLOCK`]
      return block.language === 'sh' && block.words.includes('test') ? [block.text] : []
    })
    .join('\n')
}

/** In an empty folder, with an `npx` that runs this repository's build. */
function runScript(workspace: Workspace, script: string) {
  workspace.write({ 'bin/npx': `#!/bin/sh\nshift\nexec "${nodePath}" "${cliPath}" "$@"\n`, script })
  spawnSync('chmod', ['+x', workspace.path('bin/npx')])
  mkdirSync(workspace.path('project'))
  return spawnSync('sh', ['-eu', workspace.path('script')], {
    cwd: workspace.path('project'),
    env: { PATH: [workspace.path('bin'), dirname(process.execPath), process.env.PATH].join(delimiter) },
    encoding: 'utf8',
    timeout: 60_000,
  })
}

/** States by name, after `up`. */
async function applyExamples(url: string): Promise<Record<string, string>> {
  using workspace = createWorkspace()
  const files = readBlocks(read('migrations/README.md')).flatMap((block) => {
    const file = readWord(block, 'file')
    return file === undefined ? [] : [[`migrations/${file}`, block.text] as const]
  })
  workspace.write(Object.fromEntries(files))
  const options = { env: { SLIPWAY_DATABASE_URL: url }, cwd: workspace.dir }
  const up = await slipway(['up'], options)
  assert.equal(up.code, 0, up.stderr)
  const { stdout } = await slipway(['status', '--json'], options)
  const { migrations } = JSON.parse(stdout) as { migrations: { name: string; state: string }[] }
  return Object.fromEntries(migrations.map(({ name, state }) => [name, state]))
}
