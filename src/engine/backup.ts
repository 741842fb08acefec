/** Backups before a down: one is taken, or one that is there is looked at. */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import type { BackupContext, BackupMark, Backups } from '../dialects/reverting.ts'
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'
import { makeFolder } from '../files/make-folder.ts'
import { formatDuration } from '../text/format-time.ts'
import type { Run } from './run.ts'
import { programsOf } from './run-program.ts'

interface BackupPlace {
  readonly backups: Backups
  readonly context: BackupContext
  readonly dir: string
}

async function findPlace(run: Run): Promise<BackupPlace> {
  const dir = run.config.backupDir
  if (dir === undefined)
    throw new SlipwayError('bad-setting', 'SLIPWAY_BACKUP_DIR is not set: there is no folder for backups', {
      hint: 'export SLIPWAY_BACKUP_DIR=/path/to/backups',
    })
  const { backups } = await run.dialect.loadReverting()
  const context = { url: run.url, role: run.config.role, run: programsOf(run), signal: run.signal }
  return { backups, context, dir }
}

/** Before anything is shown. Throws bad-setting, program-missing. */
export async function requireBackupTools(run: Run): Promise<void> {
  const { backups, context } = await findPlace(run)
  const missing = await backups.missingProgram(context)
  if (missing === undefined) return
  throw new SlipwayError('program-missing', `backups need ${missing}, and it is not on the PATH`)
}

/** A file of its own, under its name only when it is whole and read back. Returns its path. Throws backup-failed. */
export async function takeBackup(run: Run, mark: BackupMark, now: Date): Promise<string> {
  const { backups, context, dir } = await findPlace(run)
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const name = `${mark.database}-${stamp}-before-${mark.newest?.name ?? 'empty'}`.replace(/[^\w.-]/g, '_')
  let draft: string | undefined
  try {
    makeFolder(dir, 0o700)
    const file = reserve(join(dir, name.slice(0, 200)), backups.extension)
    draft = `${file}.part`
    await backups.write(context, draft)
    const fault = await backups.findFault(context, draft, mark)
    if (fault !== undefined) throw new Error(`what was written ${fault}`)
    const { size } = statSync(draft)
    renameSync(draft, file)
    run.emit({ type: 'notice', code: 'backup-taken', message: `backup taken: ${file} (${size} bytes)` })
    return file
  } catch (error) {
    if (draft !== undefined) removeQuietly(draft)
    context.signal.throwIfAborted()
    if (isSlipwayError(error)) throw error
    throw new SlipwayError(
      'backup-failed',
      `no backup could be taken into ${dir}, so nothing was reverted: ${run.config.redact(messageOf(error))}`,
      { cause: error },
    )
  }
}

/**
 * Makes the draft, `FILE.part`, for nobody else to read, and gives FILE: a name that no other backup of the same second
 * has. Whoever makes the draft may use the name, and looks only then whether one was finished under it before.
 */
function reserve(path: string, extension: string): string {
  for (let count = 1; ; count++) {
    const file = `${path}${count === 1 ? '' : `-${count}`}.${extension}`
    const draft = `${file}.part`
    try {
      closeSync(openSync(draft, 'wx', 0o600))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    if (!existsSync(file)) return file
    removeQuietly(draft)
  }
}

/** What kept the backup from being taken is the error to tell. */
function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    return
  }
}

/** Why the newest file is no backup to rely on; undefined if it is one. Throws bad-setting. */
export async function findBackupFault(
  run: Run,
  mark: BackupMark,
  { maxAgeMs, now }: { readonly maxAgeMs: number; readonly now: Date },
): Promise<SlipwayError | undefined> {
  const { backups, context, dir } = await findPlace(run)
  const refuse = (why: string) => new SlipwayError('backup-missing', why)
  const newest = findNewest(dir)
  if (typeof newest === 'string') return refuse(newest)
  const ageMs = now.getTime() - newest.at
  if (ageMs > maxAgeMs)
    return refuse(
      `the newest backup, ${newest.file}, is ${formatDuration(ageMs)} old, and ${formatDuration(maxAgeMs)} are allowed`,
    )
  try {
    const fault = await backups.findFault(context, newest.file, mark)
    return fault === undefined ? undefined : refuse(`the newest backup, ${newest.file}, ${fault}`)
  } catch (error) {
    context.signal.throwIfAborted()
    return refuse(`the newest backup, ${newest.file}, could not be looked at: ${messageOf(error)}`)
  }
}

/** Or why there is none. What is being written, and what SQLite keeps beside a database, is no backup. */
function findNewest(dir: string): { readonly file: string; readonly at: number } | string {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    return `there is no backup: ${messageOf(error)}`
  }
  const files = names
    .filter((name) => !name.startsWith('.') && !/(?:\.part|-wal|-shm|-journal)$/.test(name))
    .map((name) => ({ file: join(dir, name), found: statOf(join(dir, name)) }))
    .flatMap(({ file, found }) => (found?.isFile() === true ? [{ file, at: found.mtimeMs }] : []))
    .sort((a, b) => b.at - a.at)
  return files[0] ?? `there is no backup in ${dir}`
}

/** Undefined for what cannot be followed, such as a link to nothing or to itself. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}
