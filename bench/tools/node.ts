/** The tools of npm. They run under the Node that slipway runs under, started directly instead of by npx. */
import { join } from 'node:path'
import { peersFolder } from '../peers/folders.ts'
import { findPackage, inPackage, writeEach, writeOnce } from './files.ts'
import { libpqEnv, type Migration, type Place, plainSql, type Tool, urlOf } from './tool.ts'

function nodePgMigrateUp({ folder, address }: Place, ...more: string[]) {
  return {
    file: process.execPath,
    args: [inPackage('node-pg-migrate/bin/node-pg-migrate.js'), 'up', ...more],
    env: { DATABASE_URL: urlOf(address) },
    cwd: folder,
  }
}

export const nodePgMigrate: Tool = {
  name: 'node-pg-migrate',
  how: '`node-pg-migrate up`; all migrations in one transaction, and a lock that fails at once, as its defaults have it',
  find: () => findPackage('node-pg-migrate'),
  write: (folder, migrations) =>
    writeEach(join(folder, 'migrations'), migrations, (migration) => [
      `${migration.version}000_${migration.slug}.sql`,
      `-- Up Migration\n${plainSql(migration)}\n-- Down Migration\n`,
    ]),
  up: (place) => nodePgMigrateUp(place),
}

export const nodePgMigrateWait: Tool = {
  ...nodePgMigrate,
  name: 'node-pg-migrate, waiting',
  how: '`node-pg-migrate up --advisory-lock-mode wait`',
  startersOnly: true,
  up: (place) => nodePgMigrateUp(place, '--advisory-lock-mode', 'wait'),
}

export const knex: Tool = {
  name: 'Knex',
  how: '`knex migrate:latest`; the SQL of a migration in one `knex.raw`; it locks by a row',
  find: () => findPackage('knex'),
  write: (folder, migrations) => {
    writeOnce(
      join(folder, 'knexfile.cjs'),
      "module.exports = { client: 'pg', connection: process.env.DATABASE_URL, migrations: { directory: './migrations' } }\n",
    )
    writeEach(join(folder, 'migrations'), migrations, (migration) => [
      `${migration.version}_${migration.slug}.cjs`,
      `exports.up = (knex) => knex.raw(\`${plainSql(migration)}\`)\nexports.down = () => {}\n`,
    ])
  },
  up: ({ folder, address }) => ({
    file: process.execPath,
    args: [inPackage('knex/bin/cli.js'), 'migrate:latest', '--knexfile', 'knexfile.cjs'],
    env: { DATABASE_URL: urlOf(address) },
    cwd: folder,
  }),
}

export const kysely: Tool = {
  name: 'Kysely',
  how: 'its `Migrator` with `FileMigrationProvider` in a script as in its documentation; it locks by a row',
  find: () => findPackage('kysely'),
  write: (folder, migrations) =>
    writeEach(join(folder, 'migrations'), migrations, (migration) => [
      `${migration.version}_${migration.slug}.mjs`,
      kyselyText(migration),
    ]),
  up: ({ folder, address }) => ({
    file: process.execPath,
    args: [join(peersFolder, 'kysely.mjs'), join(folder, 'migrations')],
    env: libpqEnv(address),
    cwd: folder,
  }),
}

function kyselyText(migration: Migration): string {
  return `import { sql } from 'kysely'
export const up = (db) => sql\`${plainSql(migration)}\`.execute(db)
export const down = async () => {}
`
}
