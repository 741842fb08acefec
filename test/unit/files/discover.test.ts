import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isSlipwayError } from '../../../src/errors.ts'
import { type Discovery, discoverMigrations } from '../../../src/files/discover.ts'
import { checksumOf } from '../../../src/plan/checksum.ts'
import { folderOf } from './folder-of.ts'

interface Case {
  readonly what: string
  /** Paths; each file holds its own path. */
  readonly files: readonly string[]
  /** `name = up`, or `name = up + down`; the language is told by the extension. */
  readonly found?: readonly string[]
  readonly archived?: readonly string[]
  readonly warnings?: readonly string[]
  /** Code and parts of the message. */
  readonly refused?: readonly [code: string, ...says: (string | RegExp)[]]
}

const cases: readonly Case[] = [
  // what is a migration
  {
    what: 'scripts and SQL, in order',
    files: ['20260102_b.sql', '10_z.mjs', '9_z.cjs', '20260101_a.ts', '8_z.js'],
    found: [
      '8_z = 8_z.js',
      '9_z = 9_z.cjs',
      '10_z = 10_z.mjs',
      '20260101_a = 20260101_a.ts',
      '20260102_b = 20260102_b.sql',
    ],
  },
  {
    what: 'a pair with dots',
    files: ['001_a.up.sql', '001_a.down.sql'],
    found: ['001_a = 001_a.up.sql + 001_a.down.sql'],
  },
  {
    what: 'a pair with underscores',
    files: ['001_a_down.sql', '001_a_up.sql'],
    found: ['001_a = 001_a_up.sql + 001_a_down.sql'],
  },
  {
    what: 'a pair without a slug',
    files: ['001_up.sql', '001_down.sql'],
    found: ['001 = 001_up.sql + 001_down.sql'],
  },
  {
    what: 'a pair with dots and without a slug',
    files: ['1.up.sql', '1.down.sql'],
    found: ['1 = 1.up.sql + 1.down.sql'],
  },
  { what: 'an up half alone, with a dot', files: ['001_a.up.sql'], found: ['001_a = 001_a.up.sql'] },
  { what: '_up alone is a slug', files: ['001_clean_up.sql'], found: ['001_clean_up = 001_clean_up.sql'] },
  {
    what: '_down alone is a slug',
    files: ['001_shut_down.sql'],
    found: ['001_shut_down = 001_shut_down.sql'],
  },
  {
    what: 'a pair whose slug ends in down',
    files: ['001_shut_down.up.sql', '001_shut_down.down.sql'],
    found: ['001_shut_down = 001_shut_down.up.sql + 001_shut_down.down.sql'],
  },
  {
    what: 'folders',
    files: ['001_a/up.sql', '001_a/down.sql', '002_b/migration.sql', '003_c/up.sql', '003_c/notes.txt'],
    found: ['001_a = 001_a/up.sql + 001_a/down.sql', '002_b = 002_b/migration.sql', '003_c = 003_c/up.sql'],
  },
  {
    what: 'a folder with migration.sql and a down',
    files: ['20260101_a/migration.sql', '20260101_a/down.sql'],
    found: ['20260101_a = 20260101_a/migration.sql + 20260101_a/down.sql'],
  },
  { what: 'an extension in capitals', files: ['001_A.SQL'], found: ['001_A = 001_A.SQL'] },
  {
    what: 'a name that is all version',
    files: ['001.sql', '20260101120000.ts'],
    found: ['001 = 001.sql', '20260101120000 = 20260101120000.ts'],
  },
  {
    what: 'one version, two slugs',
    files: ['001_b.sql', '001_a.sql'],
    found: ['001_a = 001_a.sql', '001_b = 001_b.sql'],
  },
  { what: 'a name not in Latin letters', files: ['001_追加.sql'], found: ['001_追加 = 001_追加.sql'] },

  // what is ignored
  {
    what: 'everything that is no migration',
    files: [
      '001_a.sql',
      '.hidden.sql',
      '.git/up.sql',
      '_helpers.ts',
      '_drafts/up.sql',
      'README.md',
      '002_notes.md',
      '003_a.sql.example',
      '004_a.ts.example',
      'types.d.ts',
      '005_a.d.ts',
      '006_a.d.mts',
      'Makefile',
      '007_a.sql.bak',
      '008_a.txt',
      'migration_lock.toml',
      'seeds/users.sql',
      'lib/query.ts',
    ],
    found: ['001_a = 001_a.sql'],
  },
  {
    what: 'a folder named like a migration that holds none',
    files: ['001_a.sql', '002_b/other.sql'],
    found: ['001_a = 001_a.sql'],
    warnings: ['folder-ignored'],
  },
  {
    what: 'old/',
    files: [
      '003_c.sql',
      'old/001_a.sql',
      'old/002_b.up.sql',
      'old/002_b.down.sql',
      'old/2024/000_x.ts',
      'old/0_y/up.sql',
      'old/whatever.sql',
      'old/ae10_users.py',
      'old/004_d.sql.goose',
    ],
    found: ['003_c = 003_c.sql'],
    archived: ['000_x', '001_a', '002_b', '0_y', 'ae10_users', 'whatever'],
  },
  {
    what: 'a file that is in old/ too',
    files: ['001_a.sql', 'old/001_a.sql'],
    found: ['001_a = 001_a.sql'],
    archived: ['001_a'],
    warnings: ['archived-twice'],
  },

  // what is refused
  {
    what: 'every misnamed file at once',
    files: ['001_a.sql', 'create_users.sql', 'seed.ts', '002a.sql', 'R__view.sql', 'up.sql'],
    refused: [
      'misnamed',
      /^5 files are not named like migrations:/,
      'migrations/create_users.sql begins with no version',
      'migrations/seed.ts',
      'migrations/002a.sql',
      'migrations/R__view.sql',
      'migrations/up.sql',
    ],
  },
  {
    what: 'both halves of a pair without a version',
    files: ['a.up.sql', 'a.down.sql'],
    refused: ['misnamed', 'a.up.sql', 'a.down.sql'],
  },
  { what: '.mts', files: ['001_a.mts'], refused: ['misnamed', 'migrations/001_a.mts rename it to .ts'] },
  { what: '.cts', files: ['001_a.cts'], refused: ['misnamed', '001_a.cts'] },
  { what: '.tsx', files: ['001_a.tsx'], refused: ['misnamed', '001_a.tsx'] },
  {
    what: 'a script in halves',
    files: ['001_a.up.ts', '001_a.down.ts'],
    refused: ['misnamed', '001_a.up.ts', '001_a.down.ts', 'export up and down'],
  },
  { what: 'a down half alone', files: ['001_a.down.sql'], refused: ['misnamed', 'there is no 001_a.up.sql'] },
  {
    what: 'a down half beside a plain file',
    files: ['001_a.sql', '001_a.down.sql'],
    refused: ['misnamed', 'rename that to 001_a.up.sql'],
  },
  {
    what: 'a down half with an underscore beside a plain file',
    files: ['001_a.sql', '001_a_down.sql'],
    refused: ['misnamed', 'rename that to 001_a_up.sql'],
  },
  {
    what: 'halves of two styles',
    files: ['001_a.up.sql', '001_a_down.sql'],
    refused: ['misnamed', 'rename it to 001_a.down.sql'],
  },
  {
    what: 'halves in capital letters',
    files: ['001_a.Up.sql', '001_a.Down.sql', '002_b_up.sql', '002_b_Down.sql', '003_c.DOWN.SQL'],
    refused: ['misnamed', /^4 files/, '001_a.Down.sql looks like half', '002_b_Down.sql', '003_c.DOWN.SQL'],
  },
  {
    what: '_Down alone is a slug',
    files: ['001_Shut_Down.sql'],
    found: ['001_Shut_Down = 001_Shut_Down.sql'],
  },
  {
    what: 'a down half beside a script',
    files: ['001_a.ts', '001_a.down.sql'],
    refused: ['misnamed', 'export down there'],
  },
  {
    what: 'a folder with a down half alone',
    files: ['001_a/down.sql'],
    refused: ['misnamed', '001_a/down.sql', 'no up.sql'],
  },
  {
    what: 'a folder with two ups',
    files: ['001_a/up.sql', '001_a/migration.sql'],
    refused: ['misnamed', 'keep one'],
  },
  {
    what: 'a folder without a version',
    files: ['add_users/up.sql'],
    refused: ['misnamed', 'add_users/up.sql'],
  },
  {
    what: 'two languages of one name',
    files: ['001_a.ts', '001_a.sql'],
    refused: ['duplicate', 'migrations/001_a.sql and migrations/001_a.ts are one migration, 001_a'],
  },
  {
    what: 'a script twice',
    files: ['001_a.ts', '001_a.js'],
    refused: ['duplicate', '001_a.js and', '001_a.ts'],
  },
  {
    what: 'a file and a pair',
    files: ['001_a.sql', '001_a.up.sql'],
    refused: ['duplicate', '001_a.sql and', '001_a.up.sql'],
  },
  {
    what: 'a file and a folder',
    files: ['001_a.sql', '001_a/up.sql'],
    refused: ['duplicate', '001_a/up.sql'],
  },
  {
    what: 'one version and slug in two spellings',
    files: ['001_a.sql', '1_a.sql', '2_b.sql', 'V2__b.sql'],
    refused: ['duplicate', '001_a.sql and', '1_a.sql have one version and one slug', 'V2__b.sql'],
  },
  {
    what: 'one timestamp in two spellings',
    files: ['20260101_a.sql', '20260101000000_a.ts'],
    refused: ['duplicate', '20260101_a.sql'],
  },
  {
    what: 'misnamed and duplicate at once',
    files: ['x.sql', '001_a.ts', '001_a.sql'],
    refused: ['misnamed', '2 reasons', 'x.sql', '001_a.ts'],
  },
  { what: 'an empty folder', files: [], refused: ['dir-empty', 'it is empty'] },
  {
    what: 'a folder of other things',
    files: ['package.json', 'index.html'],
    refused: ['dir-empty', 'it holds index.html, package.json'],
  },
  { what: 'a folder with old/ alone', files: ['old/001_a.sql'], found: [], archived: ['001_a'] },
  { what: 'a folder with an empty old/', files: ['old/README.md'], refused: ['dir-empty'] },
]

for (const row of cases) {
  test(`discover: ${row.what}`, async (t) => {
    const content = Object.fromEntries(row.files.map((path) => [`migrations/${path}`, path]))
    const cwd = folderOf(t, { 'migrations/': '', ...content })
    const run = discoverMigrations(join(cwd, 'migrations'), { allowEmpty: false, cwd })
    if (row.refused !== undefined) return assertRefused(run, ...row.refused)
    const discovery = await run
    assert.deepEqual(discovery.files.map(showFile), row.found)
    assert.deepEqual([...discovery.archived].sort(), row.archived ?? [])
    assert.deepEqual(
      discovery.warnings.map(({ code }) => code),
      row.warnings ?? [],
    )
  })
}

test('what is read: language, paths, text, source, checksum', async (t) => {
  const cwd = folderOf(t, {
    'm/001_a.sql': '\uFEFFselect 1;\r\n',
    'm/002_b.up.sql': 'create\n',
    'm/002_b.down.sql': 'drop\n',
    'm/003_c.ts': 'export const up = 1',
    'm/004_d.cjs': '',
  })
  const { files } = await discoverMigrations(join(cwd, 'm'), { allowEmpty: false, cwd })
  const [a, b, c, d] = files
  assert.deepEqual(a?.up, { path: join(cwd, 'm/001_a.sql'), shown: 'm/001_a.sql', text: 'select 1;\n' })
  assert.equal(a?.checksum, checksumOf('select 1;'))
  assert.equal(a?.slug, 'a')
  assert.equal(a?.version.text, '001')
  assert.equal(b?.down?.text, 'drop\n')
  assert.equal(b?.source, '-- migrate:up\ncreate\n-- migrate:down\ndrop\n')
  assert.equal(b?.checksum, checksumOf(b?.source ?? ''))
  assert.deepEqual(
    [a, b, c, d].map((file) => file?.language),
    ['sql', 'sql', 'typescript', 'javascript'],
  )
})

test('a pipe is refused rather than waited for', { timeout: 10_000 }, async (t) => {
  const cwd = folderOf(t, { 'm/': '' })
  assert.equal(spawnSync('mkfifo', [join(cwd, 'm/001_a.sql')]).status, 0)
  // In a process of its own: reading a pipe blocks all of Node, a test's timeout included.
  const discover = join(import.meta.dirname, '../../../src/files/discover.ts')
  const script = `import { discoverMigrations } from ${JSON.stringify(discover)}
    await discoverMigrations('m', { allowEmpty: false, cwd: process.cwd() }).catch((e) => console.log(e.code, e.message))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd,
    timeout: 5_000,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  })
  assert.equal(stdout, 'file-unreadable m/001_a.sql is no ordinary file\n')
})

test('a folder outside the working directory is shown whole', async (t) => {
  const dir = folderOf(t, { '001_a.sql': 'x' })
  const { files } = await discoverMigrations(dir, { allowEmpty: false, cwd: join(dir, 'app') })
  assert.equal(files[0]?.up.shown, join(dir, '001_a.sql'))
})

test('an empty folder is fine with allowEmpty', async (t) => {
  const discovery = await discover(folderOf(t, {}), { allowEmpty: true })
  assert.deepEqual(discovery.files, [])
})

test('a folder that does not exist is never fine', async (t) => {
  const dir = join(folderOf(t, {}), 'nowhere')
  await assertRefused(discover(dir, { allowEmpty: true }), 'dir-missing', `does not exist: ${dir}`)
})

test('a file instead of a folder', async (t) => {
  const dir = join(folderOf(t, { file: '' }), 'file')
  await assertRefused(discover(dir), 'dir-missing', `not a folder: ${dir}`)
})

test('symbolic links are followed: files, folders, the folder itself', async (t) => {
  const dir = folderOf(t, { '..data/001_a.sql': 'x', '..data/002_b/up.sql': 'y', 'm/': '' })
  symlinkSync('../..data/001_a.sql', join(dir, 'm/001_a.sql'))
  symlinkSync('../..data/002_b', join(dir, 'm/002_b'))
  symlinkSync('m', join(dir, 'link'))
  const { files } = await discover(join(dir, 'link'))
  assert.deepEqual(files.map(showFile), ['001_a = 001_a.sql', '002_b = 002_b/up.sql'])
  assert.equal(files[0]?.up.text, 'x')
})

test('a link that leads nowhere', async (t) => {
  const dir = folderOf(t, { '001_a.sql': 'x' })
  symlinkSync('gone.sql', join(dir, '002_b.sql'))
  await assertRefused(discover(dir), 'file-unreadable', '002_b.sql cannot be read', 'ENOENT')
})

test('a NUL byte', async (t) => {
  const dir = folderOf(t, { '001_a.sql': 'select 1;\0drop table users', '002_b.sql': 'x' })
  await assertRefused(discover(dir), 'nul-byte', '001_a.sql holds a NUL byte at offset 9')
})

test('UTF-16 and Latin-1', async (t) => {
  const utf16 = folderOf(t, { '001_a.sql': Buffer.from('select 1', 'utf16le') })
  await assertRefused(discover(utf16), 'nul-byte', '001_a.sql')
  const latin1 = folderOf(t, { '001_a.sql': Buffer.from("select 'größe'", 'latin1') })
  await assertRefused(discover(latin1), 'not-utf8', '001_a.sql is not UTF-8 text')
})

test('an unreadable folder and an unreadable file name the mode and the user', (t) => {
  const dir = folderOf(t, { 'm/001_a.sql': 'x' })
  const folder = join(dir, 'm')
  chmodSync(dir, 0o755)
  chmodSync(join(folder, '001_a.sql'), 0)
  assert.match(
    discoverUnprivileged(folder),
    /^file-unreadable .*001_a.sql cannot be read \(mode 0000, owner \d+:\d+; slipway runs as [1-9]\d*:/,
  )
  chmodSync(folder, 0)
  const refusal = discoverUnprivileged(folder)
  chmodSync(folder, 0o755)
  assert.match(refusal, /^dir-missing .*cannot be read: .* \(mode 0000, owner /)
})

test('the order of the file system does not matter', async (t) => {
  const dir = folderOf(t, { '2_b.sql': 'x', '1_a.sql': 'x' })
  renameSync(join(dir, '2_b.sql'), join(dir, '3_c.sql'))
  const { files } = await discover(dir)
  assert.deepEqual(
    files.map(({ name }) => name),
    ['1_a', '3_c'],
  )
})

function discover(dir: string, options: { readonly allowEmpty?: boolean } = {}): Promise<Discovery> {
  return discoverMigrations(dir, { allowEmpty: false, cwd: dir, ...options })
}

function showFile({ name, up, down }: Discovery['files'][number]): string {
  return [up, down]
    .filter((source) => source !== undefined)
    .reduce((shown, { path }, i) => `${shown}${i === 0 ? ' = ' : ' + '}${below(path, name)}`, name)
}

/** The last part of a path, with the folder where that is the migration. */
function below(path: string, name: string): string {
  const [folder, file = ''] = path.split('/').slice(-2)
  return folder === name ? `${folder}/${file}` : file
}

async function assertRefused(
  run: Promise<unknown>,
  code: string,
  ...says: (string | RegExp)[]
): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(isSlipwayError(error), String(error))
    assert.equal(error.code, code)
    assert.equal(error.exitCode, 66)
    for (const text of says)
      assert.ok(
        typeof text === 'string' ? error.message.includes(text) : text.test(error.message),
        `"${text}" is not in: ${error.message}`,
      )
    return true
  })
}

/** In a process of its own: root reads everything, so root becomes somebody else. */
function discoverUnprivileged(dir: string): string {
  const url = new URL('../../../src/files/discover.ts', import.meta.url).href
  const script = `import { discoverMigrations } from ${JSON.stringify(url)}
    try { await discoverMigrations(${JSON.stringify(dir)}, { allowEmpty: false, cwd: '/' }) }
    catch (error) { console.log(error.code, error.message) }`
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: '/',
    encoding: 'utf8',
    ...(process.getuid?.() === 0 && { uid: 65534, gid: 65534 }),
  })
  return run.stdout + run.stderr
}
