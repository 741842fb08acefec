/** SLIPWAY_REPORT: the file that a run's report goes to, whole or not at all. */
import { accessSync, constants, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'
import type { RunEvent, RunOutcome } from '../events.ts'
import { draftOf, replaceFile } from '../files/replace-file.ts'
import type { Redactor } from '../redact.ts'
import { jsonText } from '../reporters/json-text.ts'
import { createReportRecorder } from '../reporters/report.ts'
import { openStream, type StreamName } from './streams.ts'

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
      // Of one tenant among many it is not the end.
      if (event.type === 'run-finished' && event.tenant === undefined) save({ outcome: event.outcome })
    },
    tellError: (error) => save({ error }),
  }
}

/** Whether it could be written, found out without touching anything: undefined, or report-unwritable. */
export function examineReportFile(path: string): SlipwayError | undefined {
  try {
    const place = findPlace(path)
    if (place.kind === 'file') orInPlace(path, place, () => accessSync(dirname(place.target), folderAccess))
    return undefined
  } catch (error) {
    if (isSlipwayError(error)) return error
    throw error
  }
}

const folderAccess = constants.W_OK | constants.X_OK

type Writer = (text: string) => void

function openWriter(path: string): Writer {
  const place = findPlace(path)
  if (place.kind === 'stream') return (text) => void openStream(place.stream).write(text)
  if (place.kind === 'device') return (text) => writeFileSync(path, text)
  return orInPlace(path, place, () => openReplacement(place.target)) ?? openInPlace(place.target)
}

type Place =
  | { readonly kind: 'stream'; readonly stream: StreamName }
  | { readonly kind: 'device' }
  | FilePlace

interface FilePlace {
  readonly kind: 'file'
  readonly target: string
  readonly exists: boolean
}

/** Throws report-unwritable for what no report can be. */
function findPlace(path: string): Place {
  if (path === '-' || path === '/dev/stdout') return { kind: 'stream', stream: 'stdout' }
  if (path === '/dev/stderr') return { kind: 'stream', stream: 'stderr' }
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) throw unwritable(path, 'it is a folder')
  if (found?.isCharacterDevice() === true) return { kind: 'device' }
  if (found === undefined) return { kind: 'file', target: path, exists: false }
  if (!found.isFile()) throw unwritable(path, 'it is no ordinary file')
  // A rename would replace a symbolic link, not what it leads to.
  return { kind: 'file', target: realpathSync(path), exists: true }
}

/** undefined: a single file that is mounted can be written, but not replaced. Throws report-unwritable. */
function orInPlace<T>(path: string, { target, exists }: FilePlace, replace: () => T): T | undefined {
  try {
    return replace()
  } catch (error) {
    if (exists && canWrite(target)) return undefined
    throw unwritable(path, reasonOf(error), error)
  }
}

/** A reader sees the old file, none, or the new one. */
function openReplacement(path: string): Writer {
  const draft = draftOf(path)
  writeFileSync(draft, '', { flag: 'wx' })
  rmSync(draft)
  rmSync(path, { force: true })
  return (text) => replaceFile(path, text)
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
