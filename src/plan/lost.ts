/** What of the tables that were there is not there any more. Pure. */

export interface InventoryTable {
  /** Survives a rename. */
  readonly id: string
  readonly name: string
  readonly columns: readonly { readonly id: string; readonly name: string }[]
  /** Where they were counted: there the id may be another table's by now. */
  readonly rows?: number
  /** It takes room; undefined where rows were counted. */
  readonly takesRoom?: boolean
  /** Rows that this transaction deleted from it so far; undefined where that is not known. */
  readonly deleted?: number
}

/** One thing that is gone. Whether that is a loss depends on what was in it. */
export type Gone =
  | { readonly kind: 'table' | 'emptied'; readonly table: InventoryTable }
  | {
      readonly kind: 'column'
      readonly table: InventoryTable
      readonly column: string
      readonly now: InventoryTable
    }
  | { readonly kind: 'rows'; readonly table: InventoryTable; readonly rows: number }

/** A new name is no loss. */
export function findGone(before: readonly InventoryTable[], after: readonly InventoryTable[]): Gone[] {
  return before.flatMap((table): Gone[] => {
    const now = findNow(table, before, after)
    return now === undefined
      ? [{ kind: 'table', table }]
      : [...goneRows(table, now), ...goneColumns(table, now)]
  })
}

function findNow(
  table: InventoryTable,
  before: readonly InventoryTable[],
  after: readonly InventoryTable[],
): InventoryTable | undefined {
  const same = after.find(({ id }) => id === table.id)
  if (table.rows === undefined) return same
  const namesake = after.find(({ name }) => fold(name) === fold(table.name))
  if (namesake !== undefined) return namesake
  const isNew = same !== undefined && before.every(({ name }) => fold(name) !== fold(same.name))
  return isNew && same.rows === table.rows ? same : undefined
}

function goneRows(table: InventoryTable, now: InventoryTable): Gone[] {
  const rows =
    table.rows === undefined ? (now.deleted ?? 0) - (table.deleted ?? 0) : table.rows - (now.rows ?? 0)
  if (rows > 0) return [{ kind: 'rows', table, rows }]
  return table.takesRoom === true && now.takesRoom === false ? [{ kind: 'emptied', table }] : []
}

/** Where an id is only a place, a column is its name. */
function goneColumns(table: InventoryTable, now: InventoryTable): Gone[] {
  const isSame =
    table.rows === undefined
      ? (one: { id: string }, other: { id: string }) => one.id === other.id
      : (one: { name: string }, other: { name: string }) => fold(one.name) === fold(other.name)
  return table.columns
    .filter((column) => !now.columns.some((other) => isSame(column, other)))
    .map(({ name: column }) => ({ kind: 'column', table, column, now }))
}

/** Columns of new names, which may be the old ones. */
export function newColumns({ table, now }: Extract<Gone, { kind: 'column' }>): string[] {
  return now.columns
    .map(({ name }) => name)
    .filter((name) => !table.columns.some((column) => fold(column.name) === fold(name)))
}

/** `users`, `users.email`: the same for as long as nothing changes. */
export function keyOf(gone: Gone): string {
  return gone.kind === 'column' ? `${gone.table.id} ${gone.column}` : gone.table.id
}

function fold(name: string): string {
  return name.toLowerCase()
}
