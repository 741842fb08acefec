/** A SQL migration as statements that can be sent, or the reason why not. */
import { type ErrorCode, SlipwayError, type SourceLocation } from '../errors.ts'
import type { DeclaredOptions, MigrationFile, SourceFile } from '../plan/migration.ts'
import { parseDirectives, type Section } from '../sql/directives.ts'
import { excerptAt } from '../sql/excerpt.ts'
import { type ParsedStatement, SqlSyntaxError } from '../sql/statement.ts'
import type { LoadedMigration } from './loaded.ts'
import { readSqlOptions } from './options.ts'
import { type ControlFault, findControlFault, unwrapTransaction } from './transaction-control.ts'

export interface SqlParser {
  /** Throws SqlSyntaxError; offsets are relative to the text. */
  parse(text: string): Promise<ParsedStatement[]>
  /** How quotes are read when looking for `-- migrate:` lines. */
  readonly name?: 'postgres' | 'sqlite'
}

/**
 * Throws SlipwayError sql-directive, bad-options, sql-syntax, no-up, transaction-control, needs-no-transaction.
 * The down half is parsed too: the moment of a rollback is a bad one to find that it never was SQL.
 */
export async function loadSqlMigration(file: MigrationFile, parser: SqlParser): Promise<LoadedMigration> {
  const { up, down } = readSections(file, parser)
  const options = readSqlOptions(file, up.options)
  const downOptions = down === undefined ? undefined : readSqlOptions(file, down.section.options)
  if (isForOther(options, parser)) {
    return { file, options, hasDown: down !== undefined, body: { kind: 'sql', statements: [] }, notices: [] }
  }
  const all = await parseSection(file, file.up, up, parser)
  const below = down === undefined ? [] : await parseSection(file, down.source, down.section, parser)
  if (all.length === 0)
    throw new SlipwayError('no-up', `${file.up.shown} holds no statement to run upwards`, emptyFacts(file))
  const { statements, notices } = options.transaction
    ? unwrapTransaction(all)
    : { statements: all, notices: [] }
  const fault = findControlFault(statements, options.transaction)
  if (fault !== undefined) throw describeFault(file, fault)
  if (statements.length === 0)
    throw new SlipwayError('no-up', `${file.up.shown} holds nothing but begin and commit`, emptyFacts(file))
  return {
    file,
    options,
    hasDown: below.length > 0,
    body: { kind: 'sql', statements },
    ...(downOptions === undefined || below.length === 0
      ? {}
      : { down: { options: downOptions, body: { kind: 'sql' as const, statements: below } } }),
    notices: notices.map((notice) => ({ ...notice, message: `${file.name} ${notice.message}` })),
  }
}

/** It will be recorded as skipped; its SQL is the other database's, which this parser cannot judge. */
function isForOther({ dialects }: DeclaredOptions, { name }: SqlParser): boolean {
  return dialects !== undefined && name !== undefined && !dialects.includes(name)
}

interface Sections {
  readonly up: Section
  readonly down?: { readonly source: SourceFile; readonly section: Section } | undefined
}

function readSections(file: MigrationFile, parser: SqlParser): Sections {
  const { up, down } = readDirectives(file, file.up, file.up.text, parser)
  if (file.down === undefined) return { up, down: down && { source: file.up, section: down } }
  // The stored text is what a later image rolls back from, so it must be readable as a whole.
  const whole = readDirectives(file, undefined, file.source, parser)
  const section = { text: file.down.text, offset: 0, options: whole.down?.options ?? {} }
  return { up, down: { source: file.down, section } }
}

function readDirectives(
  file: MigrationFile,
  source: SourceFile | undefined,
  text: string,
  { name }: SqlParser,
) {
  try {
    return parseDirectives(text, name)
  } catch (error) {
    throw explainSyntax('sql-directive', file, source, 0, error)
  }
}

async function parseSection(
  file: MigrationFile,
  source: SourceFile,
  section: Section,
  parser: SqlParser,
): Promise<ParsedStatement[]> {
  try {
    const statements = await parser.parse(section.text)
    return statements.map((statement) => ({ ...statement, offset: statement.offset + section.offset }))
  } catch (error) {
    throw explainSyntax('sql-syntax', file, source, section.offset, error)
  }
}

/** `source` is where the offset leads; without it the fault is between the halves of a pair. */
function explainSyntax(
  code: ErrorCode,
  file: MigrationFile,
  source: SourceFile | undefined,
  base: number,
  error: unknown,
): unknown {
  if (!(error instanceof SqlSyntaxError)) return error
  const where = source ?? file.up
  const halves = `${file.up.shown} and ${file.down?.shown}`
  const isLocated = source !== undefined && error.offset !== undefined
  return new SlipwayError(code, `${source === undefined ? halves : where.shown}: ${error.message}`, {
    migration: file.name,
    location: isLocated ? locate(where, base + (error.offset ?? 0)) : { file: where.shown },
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  })
}

export function describeFault(file: MigrationFile, { code, statement, message }: ControlFault): SlipwayError {
  return new SlipwayError(code, `${file.up.shown}: ${message}`, {
    migration: file.name,
    location: locate(file.up, statement.offset),
  })
}

function locate({ shown, text }: SourceFile, offset: number): SourceLocation {
  return { file: shown, ...excerptAt(text, offset) }
}

function emptyFacts(file: MigrationFile) {
  return {
    migration: file.name,
    location: { file: file.up.shown },
    hint: 'write a statement, below -- migrate:up if there is such a line, or remove the file',
  }
}
