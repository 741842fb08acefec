/** Kysely has no command for deployment; its documentation shows this script (kysely.dev/docs/migrations). */
import { promises as fs } from 'node:fs'
import path from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import pg from 'pg'

const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ max: 10 }) }) })
const migrationFolder = process.argv[2]
const migrator = new Migrator({ db, provider: new FileMigrationProvider({ fs, path, migrationFolder }) })

const { error } = await migrator.migrateToLatest()
if (error) {
  console.error('failed to migrate')
  console.error(error)
  process.exitCode = 1
}
await db.destroy()
