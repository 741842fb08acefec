/** What a database holds, a line for each thing, as SQLite reads it: case, quotes, blanks and comments do not count. */
import { type Piece, readPieces } from './definition.ts'
import { type Handle, runStatement } from './driver.ts'
import type { HistoryTables } from './history.ts'
import { progressName } from './progress-table.ts'

/** See Session.readCatalogue. What a constraint makes by itself is told by the constraint. */
export function readCatalogue(handle: Handle, { name: history, logName }: HistoryTables): string {
  const own = new Set([history, logName, progressName(history)].map((name) => name.toLowerCase()))
  const rows = runStatement(
    handle,
    "select type, name, tbl_name as owner, sql from main.sqlite_schema where sql is not null and name not glob 'sqlite_*'",
  )
  return rows
    .filter(({ owner }) => !own.has(String(owner).toLowerCase()))
    .flatMap(({ type, name, sql }) => {
      const text = String(sql)
      const title = `${type} ${String(name).toLowerCase()}`
      if (type !== 'table' || isVirtual(text)) return [`${title} ${join(readPieces(text))}\n`]
      return describeTable(title, readPieces(text))
    })
    .sort()
    .join('')
}

function isVirtual(text: string): boolean {
  return /^create\s+virtual\b/i.test(text)
}

/** A line for each column and constraint, in any order; and one for what stands behind them. */
function describeTable(title: string, pieces: readonly Piece[]): string[] {
  const open = pieces.findIndex(({ text }) => text === '(')
  const parts: Piece[][] = [[]]
  let depth = 1
  let at = open + 1
  for (; at < pieces.length; at += 1) {
    const piece = pieces[at]
    if (piece === undefined) break
    if (piece.text === '(') depth += 1
    if (piece.text === ')') depth -= 1
    if (depth === 0) break
    if (depth === 1 && piece.text === ',') parts.push([])
    else parts.at(-1)?.push(piece)
  }
  const options = join(pieces.slice(at + 1))
  return [
    `${title}${options === '' ? '' : ` ${options}`}\n`,
    ...parts.map((part) => `${title}: ${join(part)}\n`),
  ]
}

function join(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join(' ')
}
