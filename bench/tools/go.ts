/** The tools that are one Go binary. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { goFolder, versions } from '../peers/folders.ts'
import { findFile, inPackage, writeEach } from './files.ts'
import { plainSql, type Tool, urlOf } from './tool.ts'

const dbmateBinary = inPackage(`@dbmate/${process.platform}-${process.arch}/bin/dbmate`)

export const dbmate: Tool = {
  name: 'dbmate',
  how: '`dbmate --no-dump-schema up`, the Go binary itself (its npm wrapper would add a Node process). It has no lock.',
  find: () => {
    if (!existsSync(dbmateBinary)) return { missing: 'not installed: npm run bench:peers' }
    const { stdout } = spawnSync(dbmateBinary, ['--version'], { encoding: 'utf8' })
    return { version: /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown' }
  },
  write: (folder, migrations) =>
    writeEach(join(folder, 'db/migrations'), migrations, (migration) => [
      `${migration.version}_${migration.slug}.sql`,
      `-- migrate:up\n${plainSql(migration)}\n-- migrate:down\n`,
    ]),
  up: ({ folder, address }) => ({
    file: dbmateBinary,
    args: ['--no-dump-schema', 'up'],
    env: { DATABASE_URL: urlOf(address) },
    cwd: folder,
  }),
}

const migrateBinary = join(goFolder, 'migrate')

export const golangMigrate: Tool = {
  name: 'golang-migrate',
  how: '`migrate -path migrations -database URL up`; it locks by itself',
  find: () => findFile(migrateBinary, versions['golang-migrate'].slice(1)),
  write: (folder, migrations) =>
    writeEach(join(folder, 'migrations'), migrations, (migration) => [
      `${migration.version}_${migration.slug}.up.sql`,
      plainSql(migration),
    ]),
  up: ({ folder, address }) => ({
    file: migrateBinary,
    args: ['-path', 'migrations', '-database', urlOf(address), 'up'],
    cwd: folder,
  }),
}

const gooseBinary = join(goFolder, 'goose')

export const goose: Tool = {
  name: 'goose',
  how: '`goose up`; its command line has no lock',
  find: () => findFile(gooseBinary, versions.goose.slice(1)),
  write: (folder, migrations) =>
    writeEach(join(folder, 'migrations'), migrations, (migration) => [
      `${migration.version}_${migration.slug}.sql`,
      `-- +goose Up\n${plainSql(migration)}\n-- +goose Down\n`,
    ]),
  up: ({ folder, address }) => ({
    file: gooseBinary,
    args: ['-dir', 'migrations', 'up'],
    env: { GOOSE_DRIVER: 'postgres', GOOSE_DBSTRING: urlOf(address) },
    cwd: folder,
  }),
}
