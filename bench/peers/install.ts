/**
 * Installs the other tools, each by the ordinary client of its own registry: `npm run bench:peers`. What a machine has
 * no client for is named and left out; the benchmark then names it too.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  flywayApiFolder,
  flywayFolder,
  goFolder,
  peersFolder,
  pythonFolder,
  toolsFolder,
  versions,
} from './folders.ts'

const steps: Readonly<Record<string, () => void>> = {
  'dbmate, node-pg-migrate, Knex, Kysely': () =>
    run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund']),
  'golang-migrate': () =>
    goInstall('postgres', `github.com/golang-migrate/migrate/v4/cmd/migrate@${versions['golang-migrate']}`),
  // Its own tags for a binary that knows PostgreSQL only.
  goose: () =>
    goInstall(
      'no_clickhouse no_libsql no_mssql no_mysql no_spanner no_sqlite3 no_vertica no_ydb',
      `github.com/pressly/goose/v3/cmd/goose@${versions.goose}`,
    ),
  Alembic: () => {
    run('python3', ['-m', 'venv', pythonFolder])
    run(join(pythonFolder, 'bin/pip'), ['install', '--quiet', '-r', join(peersFolder, 'requirements.txt')])
  },
  Flyway: () => {
    const archive = `org.flywaydb:flyway-commandline:${versions.flyway}:tar.gz`
    maven('dependency:get', `-Dartifact=${archive}`, '-Dtransitive=false')
    maven('dependency:copy', `-Dartifact=${archive}`, `-DoutputDirectory=${toolsFolder}`)
    const file = join(toolsFolder, `flyway-commandline-${versions.flyway}.tar.gz`)
    mkdirSync(flywayFolder, { recursive: true })
    run('tar', ['-xzf', file, '-C', flywayFolder])
    rmSync(file)
  },
  'Flyway (Java API)': () => {
    const pom = join(peersFolder, 'flyway/pom.xml')
    maven('-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${flywayApiFolder}`)
    const source = join(flywayApiFolder, 'Migrate.java')
    copyFileSync(join(peersFolder, 'Migrate.java'), source)
    run('javac', ['-cp', join(flywayApiFolder, '*'), source])
  },
}

mkdirSync(toolsFolder, { recursive: true })
for (const [name, install] of Object.entries(steps)) {
  try {
    install()
    console.log(`${name}: installed`)
  } catch (error) {
    console.error(`${name}: NOT installed: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}

function goInstall(tags: string, what: string): void {
  run('go', ['install', '-tags', tags, what], { GOBIN: goFolder })
}

function maven(...args: string[]): void {
  run('mvn', ['--batch-mode', '--quiet', ...args])
}

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const ended = spawnSync(file, args, {
    cwd: peersFolder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (ended.error !== undefined) throw ended.error
  if (ended.status !== 0)
    throw new Error(
      `${file} ${args[0] ?? ''} exited ${ended.status}\n${ended.stderr.slice(-2000)}${ended.stdout.slice(-1000)}`,
    )
}
