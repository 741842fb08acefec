import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { isSlipwayError } from '../../../src/errors.ts'
import { type CreateOptions, createMigrations } from '../../../src/files/create.ts'
import { discoverMigrations } from '../../../src/files/discover.ts'
import { loadMigration } from '../../../src/files/load.ts'
import { compareMigrations, parseMigrationName } from '../../../src/plan/name.ts'
import { nextVersion } from '../../../src/plan/next-version.ts'
import { slugOf } from '../../../src/plan/slug.ts'
import { type RenderedMigration, renderMigrations, type TemplateForm } from '../../../src/templates/render.ts'
import { folderOf } from './folder-of.ts'

const now = new Date('2026-01-31T23:59:59.999Z')

const slugs: readonly (readonly [name: string, slug: string | undefined])[] = [
  ['Add user e-mail', 'add_user_e_mail'],
  ['add_users', 'add_users'],
  ['AddUserEmail', 'add_user_email'],
  ['  --weird--  name!! ', 'weird_name'],
  ['../../etc/passwd', 'etc_passwd'],
  ['a.sql', 'a_sql'],
  ['2fa', '2fa'],
  ['Größe ändern', 'größe_ändern'],
  ['追加', '追加'],
  ['', undefined],
  [' - ', undefined],
  ['x'.repeat(151), undefined],
]
for (const [name, slug] of slugs) {
  test(`slug of '${name}'`, () => {
    if (slug !== undefined) assert.equal(slugOf(name), slug)
    else assert.throws(() => slugOf(name), hasCode('bad-argument'))
  })
}

const versions: readonly (readonly [existing: readonly string[], version: string])[] = [
  [[], '20260131235959'],
  [['001_a', '99999999999999_b'], '20260131235959'],
  [['20250101000000_a'], '20260131235959'],
  [['20260131_a', '2026_01_30_120000_b'], '20260131235959'],
  [['20260131235959_a'], '20260201000000'],
  [['20260131235959500_a'], '20260201000000'],
  [['20260201_a', '20260131_b'], '20260201000001'],
  [['2026_12_31_235959_a'], '20270101000000'],
  [['20260228235959_a'], '20260301000000'],
  [['20260131999999_a'], '20260204044040'],
]
for (const [existing, version] of versions) {
  test(`version after ${existing.join(' and ') || 'nothing'}`, () => {
    const names = existing.map(parsed)
    assert.equal(nextVersion(now, names), version)
    for (const name of names) assert.ok(compareMigrations(name, parsed(`${version}_a`)) < 0)
  })
}

test('after the last second of 9999 nothing sorts later', () => {
  assert.throws(() => nextVersion(now, [parsed('99991231235959_a')]), hasCode('bad-argument'))
})

test('TypeScript: the folder is made, and the file loads', async (t) => {
  const cwd = folderOf(t, {})
  const dir = join(cwd, 'db/migrations')
  const [path = ''] = createMigrations(options(dir))
  assert.equal(path, join(dir, '20260131235959_add_users.ts'))
  const { files } = await discoverMigrations(dir, { allowEmpty: false, cwd })
  const [loaded] = await Promise.all(files.map((file) => loadMigration(file, { parse: async () => [] })))
  assert.ok(loaded?.body.kind === 'code')
  assert.equal(loaded.hasDown, false)
  const sent: string[] = []
  await loaded.body.up({ sql: async ([text = '']: TemplateStringsArray) => sent.push(text) })
  assert.deepEqual(sent, ['select 1'])
})

test('SQL: both markers, and nothing to run yet', async (t) => {
  const dir = folderOf(t, {})
  const [path = ''] = createMigrations({ ...options(dir), migrations: blank('add_users', 'sql') })
  assert.equal(basename(path), '20260131235959_add_users.sql')
  assert.equal(readFileSync(path, 'utf8'), '-- migrate:up\n\n\n-- migrate:down\n\n')
  const { files } = await discoverMigrations(dir, { allowEmpty: false, cwd: dir })
  const loading = Promise.all(files.map((file) => loadMigration(file, { parse: async () => [] })))
  await assert.rejects(loading, hasCode('no-up'))
})

test('a file that is there is never written over', async (t) => {
  const dir = folderOf(t, {})
  writeFileSync(join(dir, '20260131235959_add_users.ts'), 'mine')
  const [path = ''] = createMigrations(options(dir))
  assert.equal(basename(path), '20260201000000_add_users.ts')
  assert.equal(readFileSync(join(dir, '20260131235959_add_users.ts'), 'utf8'), 'mine')
})

test('several at once: one second after another, and both halves of a pair at the same', (t) => {
  const dir = folderOf(t, {})
  writeFileSync(join(dir, '20260201000000_b.down.sql'), 'mine')
  const pair = (slug: string) => ({
    slug,
    files: ['.up.sql', '.down.sql'].map((extension) => ({ extension, text: slug })),
  })
  const paths = createMigrations({ ...options(dir), migrations: [pair('a'), pair('b')] })
  assert.deepEqual(
    paths.map((path) => basename(path)),
    [
      '20260131235959_a.up.sql',
      '20260131235959_a.down.sql',
      '20260201000001_b.up.sql',
      '20260201000001_b.down.sql',
    ],
  )
  assert.equal(readdirSync(dir).length, 5)
  assert.equal(readFileSync(join(dir, '20260201000000_b.down.sql'), 'utf8'), 'mine')
})

test('all of them, or none', (t) => {
  const dir = folderOf(t, {})
  const migrations = ['a', 'b/c'].map((slug) => ({ slug, files: [{ extension: '.sql', text: '' }] }))
  assert.throws(() => createMigrations({ ...options(dir), migrations }), hasCode('not-writable', /ENOENT/))
  assert.deepEqual(readdirSync(dir), [])
})

test('one after another in the same second', async (t) => {
  const dir = folderOf(t, {})
  for (const name of ['b', 'a', 'c']) {
    const { files } = await discoverMigrations(dir, { allowEmpty: true, cwd: dir })
    createMigrations({ ...options(dir), migrations: blank(name), existing: files })
  }
  assert.deepEqual(readdirSync(dir).sort(), [
    '20260131235959_b.ts',
    '20260201000000_a.ts',
    '20260201000001_c.ts',
  ])
})

test('a folder that cannot be made', (t) => {
  const dir = folderOf(t, { file: '' })
  assert.throws(() => createMigrations(options(join(dir, 'file/m'))), hasCode('not-writable', /ENOTDIR/))
})

test('a folder that cannot be written', (t) => {
  const dir = folderOf(t, {})
  chmodSync(dir, 0o555)
  const url = new URL('../../../src/files/create.ts', import.meta.url).href
  const script = `import { createMigrations } from '${url}'
    const migrations = [{ slug: 'a', files: [{ extension: '.sql', text: '' }] }]
    try {
      createMigrations({ dir: ${JSON.stringify(dir)}, migrations, now: new Date(), existing: [] })
    } catch (error) {
      console.log(error.code, error.message)
    }`
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: '/',
    encoding: 'utf8',
    ...(process.getuid?.() === 0 && { uid: 65534, gid: 65534 }),
  })
  assert.match(run.stdout, /^not-writable .*EACCES/)
})

function options(dir: string): CreateOptions {
  return { dir, migrations: blank('add_users'), now, existing: [] }
}

function blank(slug: string, form: TemplateForm = 'typescript'): RenderedMigration[] {
  return renderMigrations('blank', { slug, form, dialect: undefined, values: {} })
}

function parsed(stem: string) {
  const name = parseMigrationName(stem)
  assert.ok(name)
  return name
}

function hasCode(code: string, message = /./) {
  return (error: unknown) => isSlipwayError(error) && error.code === code && message.test(error.message)
}
