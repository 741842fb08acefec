/** SLIPWAY_REPORT: the file that a run's report goes to, whole or not at all. */
import { accessSync, constants, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf, SlipwayError } from '../errors.ts'
import type { RunEvent, RunOutcome } from '../events.ts'
import type { Redactor } from '../redact.ts'
import { jsonText } from '../reporters/json-text.ts'
import { createReportRecorder } from '../reporters/report.ts'
import { openStream } from './streams.ts'

export interface ReportFile {
  /** Writes with the run-finished event. */
  listen(event: RunEvent): void
  /** For what failed before a run began, or took the process with it. Writes nothing once something was written. */
  tellError(error: unknown): void
}

export interface ReportFileOptions {
  /** Absolute; `-` is stdout. */
  readonly path: string
  readonly verb: string
  readonly slipway: string
  readonly redact: Redactor
  /** What keeps a report from being written in the end changes nothing of the run. */
  readonly warn: (what: string, message: string) => void
}

/**
 * Finds out whether the file can be written, and removes one that an earlier run left: after a run that was killed
 * there is none. Throws report-unwritable.
 */
export function openReportFile(options: ReportFileOptions): ReportFile {
  const { redact, verb, slipway } = options
  const write = openWriter(options.path)
  const recorder = createReportRecorder({ redact, verb, slipway, now: () => new Date() })
  let isWritten = false
  const save = (ending: { readonly outcome: RunOutcome } | { readonly error: unknown }) => {
    if (isWritten) return
    isWritten = true
    try {
      write(jsonText(recorder.finish(ending), redact))
    } catch (error) {
      options.warn('writing the report', messageOf(error))
    }
  }
  return {
    listen(event) {
      recorder.listen(event)
      if (event.type === 'run-finished') save({ outcome: event.outcome })
    },
    tellError: (error) => save({ error }),
  }
}

type Writer = (text: string) => void

function openWriter(path: string): Writer {
  if (path === '-' || path === '/dev/stdout') return (text) => void openStream('stdout').write(text)
  if (path === '/dev/stderr') return (text) => void openStream('stderr').write(text)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) throw unwritable(path, 'it is a folder')
  if (found?.isCharacterDevice() === true) return (text) => writeFileSync(path, text)
  if (found !== undefined && !found.isFile()) throw unwritable(path, 'it is no ordinary file')
  // A rename would replace a symbolic link, not what it leads to.
  const target = found === undefined ? path : realpathSync(path)
  try {
    return openReplacement(target)
  } catch (error) {
    // A single file that is mounted can be written, but not replaced.
    if (found !== undefined && canWrite(target)) return openInPlace(target)
    throw unwritable(path, reasonOf(error), error)
  }
}

/** A reader sees the old file, none, or the new one. */
function openReplacement(path: string): Writer {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  writeFileSync(draft, '', { flag: 'wx' })
  rmSync(draft)
  rmSync(path, { force: true })
  return (text) => {
    try {
      writeFileSync(draft, text, { flush: true })
      renameSync(draft, path)
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
  }
}

function openInPlace(path: string): Writer {
  writeFileSync(path, '')
  return (text) => writeFileSync(path, text, { flush: true })
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
  return code === 'ENOENT' ? 'its folder does not exist' : code
}

function unwritable(path: string, why: string, cause?: unknown): SlipwayError {
  const user =
    process.getuid === undefined ? '' : `; slipway runs as ${process.getuid()}:${process.getgid?.()}`
  return new SlipwayError('report-unwritable', `no report can be written to ${path}: ${why}${user}`, {
    cause,
  })
}
