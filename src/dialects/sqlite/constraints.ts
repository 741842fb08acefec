/** A table's constraints: the named ones only live in the text of its `create table`. */
import type { Executor, Row } from '../dialect.ts'
import { type Piece, readPieces } from './definition.ts'
import type { Relation } from './lookup.ts'

/** The text of the constraint called `name` in `createTable`, without `constraint name`; undefined if there is none. */
export function findConstraint(createTable: string, name: string): string | undefined {
  const pieces = readPieces(createTable)
  const depths = depthsOf(pieces)
  const isKeyword = (at: number) => depths[at] === 1 && pieces[at]?.text === 'constraint'
  const start = pieces.findIndex((_, at) => isKeyword(at) && isNamed(createTable, pieces[at + 1], name))
  const first = pieces[start + 2]
  if (start === -1 || first === undefined) return undefined
  let end = start + 2
  while (end < pieces.length && !isKeyword(end) && !isBoundary(pieces[end], depths[end])) end += 1
  return createTable.slice(first.start, pieces[end - 1]?.end)
}

/** All foreign keys of a table by the name PostgreSQL would give them, in lower case, with their text. */
export async function listForeignKeys(
  executor: Executor,
  relation: Relation,
): Promise<ReadonlyMap<string, string>> {
  const rows = await executor.query('select * from pragma_foreign_key_list(?, ?) order by id, seq', [
    relation.name,
    relation.schema,
  ])
  const keys = Map.groupBy(rows, (row) => row.id)
  return new Map(
    [...keys.values()].map((columns) => [
      `${relation.name}_${columns.map((row) => row.from).join('_')}_fkey`.toLowerCase(),
      describeForeignKey(columns),
    ]),
  )
}

function describeForeignKey(columns: readonly Row[]): string {
  const from = columns.map((row) => row.from).join(', ')
  // Null: the parent's primary key.
  const to = columns.map((row) => row.to).filter((name) => name !== null)
  const target = `${columns[0]?.table}${to.length === 0 ? '' : ` (${to.join(', ')})`}`
  const actions = (['update', 'delete'] as const)
    .map((event) => [event, String(columns[0]?.[`on_${event}`])] as const)
    .filter(([, action]) => action !== 'NO ACTION')
    .map(([event, action]) => ` on ${event} ${action.toLowerCase()}`)
  return `foreign key (${from}) references ${target}${actions.join('')}`
}

/** 0 before the table's own parenthesis, 1 inside it, more inside others; a parenthesis counts as what it encloses. */
function depthsOf(pieces: readonly Piece[]): number[] {
  let depth = 0
  return pieces.map(({ text }) => {
    if (text === '(') depth += 1
    const here = depth
    if (text === ')') depth -= 1
    return here
  })
}

function isBoundary(piece: Piece | undefined, depth: number | undefined): boolean {
  return depth === 1 && (piece?.text === ',' || piece?.text === ')')
}

function isNamed(source: string, piece: Piece | undefined, name: string): boolean {
  if (piece === undefined) return false
  const wanted = name.toLowerCase()
  // SQLite takes 'text' for a name where it needs one.
  const quoted = /^'(.*)'$/s.exec(source.slice(piece.start, piece.end))?.[1]?.replaceAll("''", "'")
  return piece.text === wanted || quoted?.toLowerCase() === wanted
}
