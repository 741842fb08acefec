import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { folderOfRun } from '../scratch.ts'
import { writeEach } from './files.ts'
import { type Found, type Migration, plainSql, type Tool, urlOf } from './tool.ts'

const root = join(import.meta.dirname, '../..')

export const slipway: Tool = {
  name: 'slipway',
  how: '`slipway up`, with the code cache that an image has',
  find,
  write: writeFiles,
  up: upWith('compiled'),
}

/** The same with the file of names and checksums that an image is built with. */
export const slipwayManifest: Tool = {
  name: 'slipway + manifest',
  how: '`slipway manifest` when the image is built, then as above',
  find,
  write: (folder, migrations) => {
    writeFiles(folder, migrations)
    const env = { ...process.env, SLIPWAY_DIR: join(folder, 'migrations') }
    const args = [programOf('compiled'), 'manifest']
    execFileSync(process.execPath, args, { cwd: folder, env, stdio: 'ignore' })
  },
  up: upWith('compiled'),
}

/** As it comes from npm. */
export const slipwayPlain: Tool = {
  name: 'slipway uncompiled',
  how: '`slipway up`, as it comes from npm',
  find,
  write: writeFiles,
  up: upWith('plain'),
}

function find(): Found {
  return existsSync(join(root, 'dist/slipway.cjs'))
    ? { version: packageVersion() }
    : { missing: 'not built: npm run build' }
}

type Way = 'compiled' | 'plain'

/** A copy of dist/ for each, so that the code cache of the one is not the other's. */
function programOf(way: Way): string {
  const home = join(folderOfRun(), `slipway-${way}`)
  const program = join(home, 'dist/slipway.cjs')
  if (existsSync(program)) return program
  mkdirSync(home)
  cpSync(join(root, 'dist'), join(home, 'dist'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'))
  if (way === 'compiled')
    execFileSync(process.execPath, [join(home, 'dist/precompile.cjs')], { stdio: 'ignore' })
  return program
}

function writeFiles(folder: string, migrations: readonly Migration[]): void {
  writeEach(join(folder, 'migrations'), migrations, (migration) => [
    `${migration.version}_${migration.slug}.sql`,
    plainSql(migration),
  ])
}

function upWith(way: Way): Tool['up'] {
  return ({ folder, address }) => ({
    file: process.execPath,
    args: [programOf(way), 'up'],
    env: { SLIPWAY_DATABASE_URL: urlOf(address) },
    cwd: folder,
  })
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}
