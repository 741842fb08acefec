/** What nothing can be faster than by much: a process that does nothing, and files fed to the server as they are. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { writeEach, writeOnce } from './files.ts'
import { libpqEnv, plainSql, type Tool } from './tool.ts'

export const bareNode: Tool = {
  name: 'node -e 0',
  how: '`node -e 0`: the runtime alone, no database',
  isFloor: true,
  find: () => ({ version: process.versions.node }),
  write: () => {},
  up: ({ folder }) => ({ file: process.execPath, args: ['-e', '0'], cwd: folder }),
}

/** With nothing to apply, it asks one question; with files, it feeds them in, each in a transaction of its own. */
export const psqlQuery: Tool = {
  name: 'psql',
  how: "`psql -c 'select count(*) from effects'`: connect, one query",
  isFloor: true,
  find: findPsql,
  write: () => {},
  up: ({ folder, address }) => ({
    file: 'psql',
    args: ['-X', '-q', '-c', 'select count(*) from effects'],
    env: libpqEnv(address),
    cwd: folder,
  }),
}

export const psqlFiles: Tool = {
  name: 'psql',
  how: '`psql -v ON_ERROR_STOP=1 -f all.psql`, which holds `begin; \\i FILE commit;` for each file: no history, no lock, no checks',
  isFloor: true,
  find: findPsql,
  write: (folder, migrations) => {
    const files = migrations.map(
      (migration) => [migration, `${migration.version}_${migration.slug}.sql`] as const,
    )
    writeEach(folder, migrations, (migration) => [
      `${migration.version}_${migration.slug}.sql`,
      plainSql(migration),
    ])
    writeOnce(
      join(folder, 'all.psql'),
      files.map(([, file]) => `begin;\n\\i ${join(folder, file)}\ncommit;\n`).join(''),
    )
  },
  up: ({ folder, address }) => ({
    file: 'psql',
    args: ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', 'all.psql'],
    env: libpqEnv(address),
    cwd: folder,
  }),
}

function findPsql() {
  const { stdout } = spawnSync('psql', ['--version'], { encoding: 'utf8' })
  const version = /\d+(\.\d+)+/.exec(stdout ?? '')?.[0]
  return version === undefined ? { missing: 'no psql in PATH' } : { version }
}
