import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeEach } from './files.ts'
import { type Migration, type Place, plainSql, type Tool, urlOf } from './tool.ts'

const root = join(import.meta.dirname, '../..')
const program = join(root, 'dist/slipway.cjs')

export const slipway: Tool = {
  name: 'slipway',
  how: '`slipway up`',
  find: () => (existsSync(program) ? { version: packageVersion() } : { missing: 'not built: npm run build' }),
  write: writeFiles,
  up,
}

/** The same with the file of names and checksums that an image is built with. */
export const slipwayManifest: Tool = {
  name: 'slipway + manifest',
  how: '`slipway manifest` when the image is built, then `slipway up`',
  find: () => {
    if (!existsSync(program)) return { missing: 'not built: npm run build' }
    const help = spawnSync(process.execPath, [program, 'help'], { encoding: 'utf8' })
    return /^\s+manifest\b/m.test(help.stdout)
      ? { version: packageVersion() }
      : { missing: 'no verb manifest' }
  },
  write: (folder, migrations) => {
    writeFiles(folder, migrations)
    const env = { ...process.env, SLIPWAY_DIR: join(folder, 'migrations') }
    execFileSync(process.execPath, [program, 'manifest'], { cwd: folder, env, stdio: 'ignore' })
  },
  up,
}

function writeFiles(folder: string, migrations: readonly Migration[]): void {
  writeEach(join(folder, 'migrations'), migrations, (migration) => [
    `${migration.version}_${migration.slug}.sql`,
    plainSql(migration),
  ])
}

function up({ folder, address }: Place) {
  return {
    file: process.execPath,
    args: [program, 'up'],
    env: { SLIPWAY_DATABASE_URL: urlOf(address) },
    cwd: folder,
  }
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}
