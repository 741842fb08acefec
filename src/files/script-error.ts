/** What Node says when a script does not load, with the place in the file. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { messageOf, SlipwayError, type SourceLocation } from '../errors.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { excerptAt } from '../sql/excerpt.ts'
import { showPath } from './read-source.ts'
import { findSyntaxError } from './syntax-error.ts'

interface Place {
  /** Absolute. */
  readonly path: string
  /** 1-based. */
  readonly line: number
  readonly column: number
}

/** What is told of a script: the migration it is, or what stands for one. */
export type ScriptFile = Pick<MigrationFile, 'name' | 'up'>

/** `path` is the script's real path, as it stands in stack traces. The error stays as the cause. */
export function explainScriptError(error: unknown, file: ScriptFile, path: string): SlipwayError {
  const { shown } = file.up
  const facts = { migration: file.name, cause: error }
  if (isSyntaxError(error)) {
    const place = placeInHead(stackOf(error)) ?? placeBySyntax(error, file, path)
    const hint = hintForSyntax(error)
    return new SlipwayError('script-syntax', `${shown} does not parse: ${error.message}`, {
      ...facts,
      location: locate(place, file, path),
      ...(hint !== undefined && { hint }),
    })
  }
  const place =
    placeInHead(stackOf(error)) ?? placeOfSpecifier(error, file, path) ?? placeInFrames(stackOf(error), path)
  const hint = hintForLoad(error)
  return new SlipwayError('script-load', `${shown} cannot be imported: ${messageOf(error)}`, {
    ...facts,
    location: locate(place, file, path),
    ...(hint !== undefined && { hint }),
  })
}

/**
 * Parsing fails inside Node, before any line of a script runs. Linking fails with a SyntaxError too, when an import
 * names something that is not exported; and a script may throw one, from JSON.parse for example.
 */
function isSyntaxError(error: unknown): error is SyntaxError {
  if (!(error instanceof SyntaxError) || /^The requested module /.test(error.message)) return false
  const [innermost = ''] = /^ {4}at .*$/m.exec(stackOf(error)) ?? []
  return innermost.includes('node:')
}

function stackOf(error: unknown): string {
  return error instanceof Error && typeof error.stack === 'string' ? error.stack : ''
}

/** `file:///m/001_a.ts?v=…:3`, source lines, a line of carets: what V8 and the type stripper put above a message. */
function placeInHead(stack: string): Place | undefined {
  const [, location = '', line, indent = ''] =
    /^(\S.*?):(\d+)\n(?:.*\n)*?([ \t]*)\^+[ \t]*\n/.exec(stack) ?? []
  const path = pathOf(location)
  return path === undefined ? undefined : { path, line: Number(line), column: indent.length + 1 }
}

function pathOf(location: string): string | undefined {
  if (location.startsWith('/')) return location
  return location.startsWith('file://') && URL.canParse(location) ? fileURLToPath(location) : undefined
}

/** Node does not tell where a module written in JavaScript fails to parse. */
function placeBySyntax(error: SyntaxError, file: ScriptFile, path: string): Place | undefined {
  const found = findSyntaxError(file.up.text, error.message)
  return found && { path, ...found }
}

/** ERR_MODULE_NOT_FOUND names what was imported, not where: look for it in the text. */
function placeOfSpecifier(error: unknown, file: ScriptFile, path: string): Place | undefined {
  const [, wanted] = /^Cannot find (?:package|module) '([^']+)'/.exec(messageOf(error)) ?? []
  const last = wanted?.split('/').at(-1)
  if (last === undefined || last === '') return undefined
  const match = new RegExp(`['"](?:[^'"\\n]*/)?${last.replace(/[^\w-]/g, '\\$&')}['"]`).exec(file.up.text)
  if (match === null) return undefined
  const before = file.up.text.slice(0, match.index).split('\n')
  return { path, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** The innermost frame in the migration itself. */
function placeInFrames(stack: string, path: string): Place | undefined {
  for (const [, location = '', line, column] of stack.matchAll(
    /^ {4}at (?:.*\()?((?:file:\/)?\/.*?):(\d+):(\d+)\)?$/gm,
  ))
    if (pathOf(location) === path) return { path, line: Number(line), column: Number(column) }
  return undefined
}

function locate(place: Place | undefined, file: ScriptFile, path: string): SourceLocation {
  if (place === undefined) return { file: file.up.shown }
  const isOwn = place.path === path
  const shown = isOwn ? file.up.shown : showPath(place.path, process.cwd())
  const text = isOwn ? file.up.text : readText(place.path)
  if (text === undefined) return { file: shown, line: place.line, column: place.column }
  return { file: shown, ...excerptAt(text, offsetOf(text, place)) }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function offsetOf(text: string, { line, column }: Place): number {
  const before = text.split('\n').slice(0, line - 1)
  return before.reduce((sum, source) => sum + source.length + 1, 0) + column - 1
}

function hintForSyntax(error: SyntaxError): string | undefined {
  return codeOf(error) === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
    ? 'use only syntax that disappears with the types: an object instead of an enum, a module instead of a namespace'
    : undefined
}

function hintForLoad(error: unknown): string | undefined {
  const isFromNode = String(codeOf(error)).startsWith('ERR_') || error instanceof SyntaxError
  if (!isFromNode) return 'importing a migration must not fail: move what can fail into up'
  return codeOf(error) === 'ERR_MODULE_NOT_FOUND' && /^Cannot find package/.test(messageOf(error))
    ? 'nothing is installed beside a migration: write import type for types'
    : undefined
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
