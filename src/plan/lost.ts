/** What of the tables that were there is not there any more. Pure. */

export interface InventoryTable {
  /** Survives a rename. */
  readonly id: string
  readonly name: string
  readonly columns: readonly { readonly id: string; readonly name: string }[]
  /** Where they were counted: there the id may be another table's by now. */
  readonly rows?: number
  /** What its rows are in: another one after `truncate`, and after a rewrite. Undefined where rows were counted. */
  readonly file?: string
  /** It takes room; undefined where this transaction has not locked it. */
  readonly takesRoom?: boolean
  /** Rows that this transaction inserted into it, and deleted from it so far; undefined where that is not known. */
  readonly inserted?: number
  readonly deleted?: number
}

/** One thing that is gone. Whether that is a loss depends on what was in it. */
export type Gone =
  | { readonly kind: 'table'; readonly table: InventoryTable }
  | { readonly kind: 'emptied'; readonly table: InventoryTable; readonly now: InventoryTable }
  | {
      readonly kind: 'column'
      readonly table: InventoryTable
      readonly column: string
      readonly now: InventoryTable
      /** It is there in a table that was made anew: with as many values, or, where the table has another name, with the same ones? */
      readonly kept?: 'count' | 'values'
    }
  | { readonly kind: 'rows'; readonly table: InventoryTable; readonly rows: number }

/** A new name is no loss; one table can be the new name of one only. */
export function findGone(before: readonly InventoryTable[], after: readonly InventoryTable[]): Gone[] {
  const taken = new Set<InventoryTable>()
  return before.flatMap((table): Gone[] => {
    const now = findNow(table, before, after)
    if (now === undefined || taken.has(now)) return [{ kind: 'table', table }]
    taken.add(now)
    return [...goneRows(table, now), ...goneColumns(table, now), ...keptColumns(table, now)]
  })
}

function findNow(
  table: InventoryTable,
  before: readonly InventoryTable[],
  after: readonly InventoryTable[],
): InventoryTable | undefined {
  const same = after.find(({ id }) => id === table.id)
  if (table.rows === undefined) return same
  const namesake = after.find((other) => isNamesake(other, table))
  if (namesake !== undefined) return namesake
  const renamed = after.filter(
    (other) => other.rows === table.rows && before.every((each) => !isNamesake(each, other)),
  )
  if (same !== undefined && renamed.includes(same)) return same
  // Made anew as well: nothing but what it holds tells that it is the same.
  const alike = renamed.filter(({ columns }) => table.columns.every((column) => hasNamesake(columns, column)))
  return alike.length === 1 ? alike[0] : undefined
}

function goneRows(table: InventoryTable, now: InventoryTable): Gone[] {
  const rows =
    table.rows === undefined ? (now.deleted ?? 0) - (table.deleted ?? 0) : table.rows - (now.rows ?? 0)
  if (rows > 0) return [{ kind: 'rows', table, rows }]
  // A rewrite alone leaves rows, and does not count as inserting them.
  const isRefilled = (now.inserted ?? 0) > (table.inserted ?? 0)
  if (table.file === now.file || (now.takesRoom !== false && !isRefilled)) return []
  return [{ kind: 'emptied', table, now }]
}

/** Where an id is only a place, a column is its name. */
function goneColumns(table: InventoryTable, now: InventoryTable): Gone[] {
  return table.columns
    .filter((column) =>
      table.rows === undefined
        ? !now.columns.some(({ id }) => id === column.id)
        : !hasNamesake(now.columns, column),
    )
    .map(({ name: column }) => ({ kind: 'column', table, column, now }))
}

/** A table in another place was made anew, and what it holds was copied, or not. */
function keptColumns(table: InventoryTable, now: InventoryTable): Gone[] {
  if (table.rows === undefined || table.rows === 0 || now.id === table.id) return []
  const kept = isNamesake(table, now) ? 'count' : 'values'
  return table.columns
    .filter((column) => hasNamesake(now.columns, column))
    .map(({ name: column }) => ({ kind: 'column', table, column, now, kept }))
}

interface Named {
  readonly name: string
}

function isNamesake(one: Named, other: Named): boolean {
  return fold(one.name) === fold(other.name)
}

function hasNamesake(all: readonly Named[], wanted: Named): boolean {
  return all.some((each) => isNamesake(each, wanted))
}

/** Columns of new names, which may be the old ones. */
export function newColumns({ table, now }: Extract<Gone, { kind: 'column' }>): string[] {
  return now.columns.map(({ name }) => name).filter((name) => !hasNamesake(table.columns, { name }))
}

/** `users`, `users.email`: the same for as long as nothing changes. */
export function keyOf(gone: Gone): string {
  return gone.kind === 'column' ? `${gone.table.id} ${gone.column}` : gone.table.id
}

function fold(name: string): string {
  return name.toLowerCase()
}
