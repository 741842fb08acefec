/**
 * PostgreSQL 18's own grammar, and the only file that knows the library. What it knows of its traps: statement
 * locations are UTF-8 bytes while error positions are code points, absent numbers mean zero, an empty text is an
 * error, and a NUL byte silently ends the text.
 */
import type { Node } from 'libpg-query'
import { SqlSyntaxError } from './statement.ts'
import { utf16OffsetOfCodePoint, utf16OffsetsOfBytes } from './text-offsets.ts'

export type {
  AlterSubscriptionStmt,
  AlterTableCmd,
  AlterTableStmt,
  AlterTableType,
  ColumnDef,
  CommentStmt,
  Constraint,
  CreateSchemaStmt,
  CreateStmt,
  CreateSubscriptionStmt,
  DefElem,
  DropStmt,
  IndexStmt,
  Node,
  ObjectType,
  RangeVar,
  ReindexStmt,
  RenameStmt,
  TransactionStmt,
} from 'libpg-query'

export interface RawStatement {
  readonly node: Node
  /** UTF-16 offsets. `start` is past leading blanks and comments; `end` is where the semicolon or the text's end is. */
  readonly start: number
  readonly end: number
}

let library: Promise<typeof import('libpg-query')> | undefined

/** Once: Node takes as long to find a module again as the parser takes for a short text. */
function loadLibrary(): Promise<typeof import('libpg-query')> {
  library ??= import('libpg-query')
  return library
}

/** The statements of `text` in order. Throws SqlSyntaxError. The library is loaded at the first call. */
export async function parseGrammar(text: string): Promise<readonly RawStatement[]> {
  const nul = text.indexOf('\0')
  if (nul !== -1) throw new SqlSyntaxError('the text holds a NUL byte', nul, 'save it as UTF-8 text')
  if (text.trim() === '') return []
  const { parse, hasSqlDetails } = await loadLibrary()
  const tree = await parse(text).catch((error: unknown) => {
    if (!hasSqlDetails(error)) throw error
    throw new SqlSyntaxError(
      shorten(error.message),
      errorOffset(text, error.message, error.sqlDetails?.cursorPosition),
    )
  })
  const utf16 = utf16OffsetsOfBytes(text)
  return (tree.stmts ?? []).flatMap(({ stmt, stmt_location: location = 0, stmt_len: length = 0 }) => {
    if (stmt === undefined) return []
    const start = utf16(location)
    return [{ node: stmt, start, end: length === 0 ? text.length : utf16(location + length) }]
  })
}

/** The library says 0 both for the first character and for "nowhere"; only messages that quote a place have one. */
function errorOffset(text: string, message: string, codePoint: number | undefined): number | undefined {
  if (codePoint === undefined) return undefined
  if (codePoint === 0 && !/ at (?:or near|end of input)/.test(message)) return undefined
  return utf16OffsetOfCodePoint(text, codePoint)
}

/** For a quote or comment left open the grammar's message quotes all the rest of the file. */
function shorten(message: string): string {
  const [, head, quoted] = /^(.* at or near ")(.*)"$/s.exec(message) ?? []
  if (head === undefined || quoted === undefined) return message
  const [line = ''] = quoted.slice(0, 40).split('\n')
  return `${head}${line.toWellFormed()}${line === quoted ? '' : '…'}"`
}
