/** The target with its data, where nothing can happen to it. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ScratchDatabase } from '../dialects/scratch.ts'
import { messageOf, SlipwayError } from '../errors.ts'
import type { Run } from './run.ts'
import { programsOf } from './run-program.ts'

/**
 * In what `makeEmpty` makes; in a file of its own where that is nothing. What is on disk meanwhile only we can read.
 * Throws program-missing, copy-failed.
 */
export async function makeCopy(
  target: Run,
  makeEmpty: () => Promise<ScratchDatabase | undefined>,
): Promise<ScratchDatabase> {
  removeLeftovers()
  const dir = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  const clear = () => rmSync(dir, { recursive: true, force: true })
  let made: ScratchDatabase | undefined
  const openEmpty = async () => {
    made = (await makeEmpty()) ?? fileIn(dir, clear)
    return made.url
  }
  try {
    const { backups, copyInto } = await target.dialect.loadReverting()
    const { url, config, signal } = target
    const context = { url, role: config.role, run: programsOf(target), signal }
    const missing = await backups.missingProgram(context)
    if (missing !== undefined)
      throw new SlipwayError(
        'program-missing',
        `a copy of ${url.shown} needs ${missing}, and it is not on the PATH`,
      )
    await copyInto(context, { openEmpty, scratchDir: dir })
    const copy = made ?? fileIn(dir, clear)
    if (copy.url.dialect !== 'sqlite') clear()
    return copy
  } catch (error) {
    await made?.drop().catch(() => {})
    clear()
    target.signal.throwIfAborted()
    if (error instanceof SlipwayError) throw error
    throw describeFailure(target, error)
  }
}

function fileIn(dir: string, clear: () => void): ScratchDatabase {
  const path = join(dir, 'copy.sqlite')
  return { url: { dialect: 'sqlite', path, shown: `sqlite://${path}` }, drop: async () => clear() }
}

function describeFailure({ url, config }: Run, error: unknown): SlipwayError {
  const why = config.redact(messageOf(error))
  const hint = url.dialect === 'sqlite' ? { hint: hintForFile(url.path) } : {}
  return new SlipwayError('copy-failed', `${url.shown} could not be copied: ${why}`, {
    cause: error,
    ...hint,
  })
}

function hintForFile(path: string): string {
  return path === ':memory:'
    ? 'slipway up --dry-run, or name a file: export SLIPWAY_DATABASE_URL=sqlite:app.db'
    : `make room in ${tmpdir()}, or name another folder: export TMPDIR=/path`
}

const prefix = 'slipway-copy-'
/** As of scratch databases: nothing that a run still works with, even in another container that shares the folder. */
const leftoverAfterMs = 3_600_000

/** Of rehearsals that were killed: they hold all the data. Others' cannot be looked into, and stay. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^slipway-copy-(\d+)-\w+$/.exec(name) ?? []
    if (pid === undefined || isOther(Number(pid))) continue
    const dir = join(tmpdir(), name)
    try {
      const newest = Math.max(...[dir, ...readdirSync(dir).map((file) => join(dir, file))].map(changedAt))
      const isOurs = statSync(dir).uid === process.getuid?.()
      if (isOurs && Date.now() - newest > leftoverAfterMs) rmSync(dir, { recursive: true, force: true })
    } catch {
      // Another run removes it, or another user's it is.
    }
  }
}

function changedAt(path: string): number {
  return statSync(path).mtimeMs
}

/** In containers each run may be number 1. */
function isOther(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
