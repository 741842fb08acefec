/** Backups before going back: taken, relied on, refused. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { type Kind, openPlace, type Place } from '../helpers/place.ts'
import { dumpedMajor } from '../helpers/postgres.ts'
import { readSqlite } from '../helpers/sqlite.ts'

const files = {
  '0001_a.sql': 'create table a (id integer);',
  '0002_b.sql': '-- migrate:up\ncreate table b (id integer);\n-- migrate:down\ndrop table b;\n',
}

const { stdout: version } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
const programs = Number(/(\d+)/.exec(version ?? '')?.[1] ?? 0)
const skip = (kind: Kind) =>
  kind === 'postgres' && programs < dumpedMajor ? `needs pg_dump of version ${dumpedMajor} or newer` : false

async function open(kind: Kind): Promise<Place> {
  const place = await openPlace(kind, files, { major: dumpedMajor })
  await place.expect(0, 'up')
  await place.change('insert into b values (7)')
  return place
}

const dir = { SLIPWAY_BACKUP_DIR: 'backups' }
const list = (place: Place) => readdirSync(place.workspace.path('backups')).sort()
const kinds: readonly Kind[] = ['postgres', 'sqlite']

for (const kind of kinds)
  describe(kind, { skip: skip(kind) }, () => {
    test('one is taken first, with what is lost in it, and one can rely on it', async () => {
      await using place = await open(kind)
      mkdirSync(place.workspace.path('backups'), { mode: 0o755 })
      const done = await place.expect(0, 'down --backup --allow-data-loss', dir)
      assert.match(done.stderr, /backup taken: \S+before-0002_b\.(dump|sqlite) \(\d+ bytes\)/)
      const [file = '', ...others] = list(place)
      assert.deepEqual(others, [])
      const path = place.workspace.path('backups', file)
      assert.equal((statSync(path).mode & 0o777).toString(8), '600')
      if (kind === 'sqlite') assert.deepEqual(readSqlite(path, 'select id from b'), [{ id: 7 }])
      else {
        const { stdout } = spawnSync('pg_restore', ['--data-only', '--table=b', '--file=-', path], {
          encoding: 'utf8',
        })
        assert.match(stdout, /COPY public\.b \(id\) FROM stdin;\n7\n/)
      }
      assert.deepEqual(await place.history(), ['0001_a applied'])
      // The newest row is another one now.
      const stale = await place.expect(0, 'up')
      assert.equal(stale.code, 0)
      await place.expect(0, 'down --require-backup 1h', dir)
      await place.expect(0, 'up')
      place.workspace.write({
        'migrations/0003_c.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\n',
      })
      await place.expect(0, 'up')
      const refused = await place.expect(79, 'down --require-backup 1h', dir)
      assert.match(refused.stderr, /does not hold 0003_c as/)
      const json = JSON.parse((await place.run('down --json --backup', dir)).stdout)
      assert.match(json.backup, /before-0003_c\.(dump|sqlite)$/)
      assert.equal(json.exitCode, 0)
    })

    test('a backup that fails reverts nothing', async () => {
      await using place = await open(kind)
      place.workspace.write({ backups: 'a file' })
      const failed = await place.expect(79, 'down --backup --allow-data-loss', dir)
      assert.match(failed.stderr, /no backup could be taken into \S+, so nothing was reverted/)
      assert.equal((await place.history()).length, 2)
      assert.deepEqual(
        (await place.log()).filter((line) => line.startsWith('down')),
        [],
      )
    })

    test('what is no recent backup of this database does not count, and is named', async () => {
      await using place = await open(kind)
      await using other = await open(kind)
      await other.change('insert into b values (8)')
      const refuse = async (reason: RegExp) => {
        const refused = await place.expect(79, 'down --allow-data-loss --require-backup 1h', dir)
        assert.match(refused.stderr, reason)
      }
      await refuse(/there is no backup: ENOENT/)
      mkdirSync(place.workspace.path('backups'))
      symlinkSync('loop', place.workspace.path('backups/loop'))
      await refuse(/there is no backup in/)
      rmSync(place.workspace.path('backups/loop'))
      place.workspace.write({ 'backups/empty.dump': '', 'backups/.hidden': 'x', 'backups/late.part': 'x' })
      await refuse(/the newest backup, \S+empty\.dump, is empty/)
      writeFileSync(place.workspace.path('backups/empty.dump'), 'no dump\n'.repeat(100))
      await refuse(
        kind === 'sqlite'
          ? /empty\.dump, cannot be read: file is not a database/
          : /empty\.dump, is no dump that pg_dump made/,
      )
      place.workspace.write({
        'migrations/0009_z.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\n',
      })
      place.workspace.write({ 'migrations/0009_z.sql': undefined })
      other.workspace.write({
        'migrations/0003_c.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\n',
      })
      await other.expect(0, 'up')
      await other.expect(0, 'down --backup', dir)
      const foreign = list(other)[0] ?? ''
      copyFileSync(other.workspace.path('backups', foreign), place.workspace.path('backups/foreign'))
      await refuse(
        kind === 'sqlite'
          ? /foreign, does not hold 0002_b as the newest/
          : /foreign, is a dump of \S+, not of/,
      )
      await place.expect(79, 'down --backup', dir)
      await place.expect(0, 'down --allow-data-loss --backup', dir)
      await place.expect(0, 'up')
      const own = list(place).find((name) => name.includes('before-0002_b')) ?? ''
      const path = place.workspace.path('backups', own)
      const old = new Date(Date.now() - 2 * 3600_000)
      for (const name of list(place)) utimesSync(place.workspace.path('backups', name), old, old)
      utimesSync(path, new Date(), new Date(Date.now() - 3_700_000))
      await refuse(/is 61 min|is 1 h 1 min|old, and 1 h|old, and 60 min/)
      truncateSync(path, Math.floor(statSync(path).size / 2))
      utimesSync(path, new Date(), new Date())
      await refuse(/cannot be read|is damaged|does not hold/)
    })
  })

test('a plain SQL dump counts if it is whole, and of this database', { skip: skip('postgres') }, async () => {
  await using place = await open('postgres')
  const dump = (...args: string[]) => {
    const url = new URL(place.env.SLIPWAY_DATABASE_URL ?? '')
    const env = { PATH: process.env.PATH, PGPASSWORD: decodeURIComponent(url.password) }
    url.password = ''
    return spawnSync('pg_dump', [...args, url.href], { encoding: 'utf8', env }).stdout
  }
  const text = dump('--create')
  const line = 'down --allow-data-loss --require-backup 1h'
  place.workspace.write({
    'backups/plain.sql': text.slice(0, text.indexOf('-- PostgreSQL database dump complete')),
  })
  assert.match((await place.expect(79, line, dir)).stderr, /plain\.sql, is a dump that was cut short/)
  place.workspace.write({ 'backups/plain.sql': text.replaceAll(place.database, 'another') })
  assert.match((await place.expect(79, line, dir)).stderr, /is a dump of another, not of/)
  place.workspace.write({ 'backups/plain.sql': dump('--schema-only') })
  assert.match((await place.expect(79, line, dir)).stderr, /does not hold 0002_b as applied/)
  await place.expect(0, 'down --allow-data-loss')
  place.workspace.write({ 'backups/plain.sql': dump() })
  await place.expect(0, 'up')
  // The log of that dump holds it, its history does not.
  assert.match((await place.expect(79, line, dir)).stderr, /does not hold 0002_b as applied/)
  place.workspace.write({ 'backups/plain.sql': dump('--inserts') })
  await place.expect(0, line, dir)
  await place.expect(0, 'up')
  place.workspace.write({ 'backups/plain.sql': text })
  await place.expect(0, line, dir)
})

test('pg_dump gets the password through its environment, and its failure is told', async () => {
  await using place = await openPlace('postgres', files)
  await place.expect(0, 'up')
  place.workspace.write({
    'bin/pg_dump':
      '#!/bin/sh\ntest "$1" = --version && exit 0\nprintf "%s\\n" "$*" "pw ${PGPASSWORD:+given}" "url ${SLIPWAY_DATABASE_URL:-none}" > seen\necho "disk is full" >&2\nexit 1\n',
    'bin/pg_restore': '#!/bin/sh\nexit 0\n',
  })
  for (const name of ['pg_dump', 'pg_restore']) chmodSync(place.workspace.path('bin', name), 0o755)
  const env = { ...dir, PATH: `${place.workspace.path('bin')}:${process.env.PATH}` }
  const failed = await place.expect(79, 'down --backup', env)
  assert.match(failed.stderr, /so nothing was reverted: pg_dump: disk is full/)
  assert.match(
    place.workspace.read('seen'),
    /^--format=custom --no-password --file=\S+\npw given\nurl none\n$/,
  )
  assert.deepEqual(list(place), [])
  assert.equal((await place.history()).length, 2)
  const json = JSON.parse((await place.run('down --json --backup', env)).stdout)
  assert.equal(json.error.code, 'backup-failed')
  place.workspace.write({ 'backups/x.dump': '' })
  const missing = JSON.parse((await place.run('down --json --require-backup 1h', env)).stdout)
  assert.equal(missing.error.code, 'backup-missing')
})

test('a folder for backups that cannot be made is told, and nothing is reverted', async () => {
  await using place = await openPlace('sqlite', files)
  await place.expect(0, 'up')
  const where = process.platform === 'linux' ? '/proc/nope' : '/dev/null/nope'
  const failed = await place.expect(79, 'down --backup', { SLIPWAY_BACKUP_DIR: where })
  assert.match(failed.stderr, /nothing was reverted: (?:ENOENT|ENOTDIR)/)
  assert.equal((await place.history()).length, 2)
})
