/** Flyway twice: its command line as it is distributed, and its newest library behind ten lines of Java. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { flywayApiFolder, flywayFolder, versions } from '../peers/folders.ts'
import { findFile, writeEach } from './files.ts'
import { type Address, type Migration, plainSql, type Tool } from './tool.ts'

const program = join(flywayFolder, `flyway-${versions.flyway}`, 'flyway')

export const flyway: Tool = {
  name: 'Flyway',
  how: '`flyway migrate`, settings in the environment; it locks by itself',
  find: () => findFile(program, versions.flyway),
  write: writeFiles,
  up: ({ folder, address }) => ({
    file: program,
    args: ['migrate', '-skipCheckForUpdate'],
    env: { ...environment(folder, address), REDGATE_DISABLE_TELEMETRY: 'true' },
    cwd: folder,
  }),
}

export const flywayApi: Tool = {
  name: 'Flyway (Java API)',
  how: "`Flyway.configure().envVars().load().migrate()`, as in an app's own start-up",
  find: () => {
    const jars = existsSync(flywayApiFolder) ? readdirSync(flywayApiFolder) : []
    const version = jars.map((jar) => /^flyway-core-(.*)\.jar$/.exec(jar)?.[1]).find(Boolean)
    return version === undefined ? { missing: 'not installed: npm run bench:peers' } : { version }
  },
  write: writeFiles,
  up: ({ folder, address }) => ({
    file: 'java',
    args: ['-cp', `${flywayApiFolder}:${join(flywayApiFolder, '*')}`, 'Migrate'],
    env: environment(folder, address),
    cwd: folder,
  }),
}

function writeFiles(folder: string, migrations: readonly Migration[]): void {
  writeEach(join(folder, 'sql'), migrations, (migration) => [
    `V${migration.version}__${migration.slug}.sql`,
    plainSql(migration),
  ])
}

/** Databases of this benchmark hold a table of its own before the first migration, hence the baseline. */
function environment(folder: string, address: Address): Record<string, string> {
  return {
    FLYWAY_URL: `jdbc:postgresql://${address.host}:${address.port}/${address.database}?sslmode=disable`,
    FLYWAY_USER: address.user,
    FLYWAY_PASSWORD: address.password,
    FLYWAY_LOCATIONS: `filesystem:${join(folder, 'sql')}`,
    FLYWAY_BASELINE_ON_MIGRATE: 'true',
    FLYWAY_BASELINE_VERSION: '0',
  }
}
