/** What of the tables that were there is not there any more. Pure. */

export interface InventoryTable {
  /** Survives a rename. */
  readonly id: string
  readonly name: string
  readonly columns: readonly { readonly id: string; readonly name: string }[]
  /** It holds rows, or may. */
  readonly holds: boolean
}

/** Tables and columns with something in them: `users`, `users.email`. A new name is no loss. */
export function findLost(before: readonly InventoryTable[], after: readonly InventoryTable[]): string[] {
  return before
    .filter(({ holds }) => holds)
    .flatMap((table) => {
      const now = after.find(({ id }) => id === table.id) ?? after.find(({ name }) => name === table.name)
      return now === undefined ? [table.name] : lostColumns(table, now)
    })
}

/** A column is the same by its name, or by its place where that has a name that was not there. */
function lostColumns(before: InventoryTable, after: InventoryTable): string[] {
  const names = new Set(before.columns.map(({ name }) => name))
  return before.columns
    .filter(
      (column) =>
        !after.columns.some(({ id, name }) => name === column.name || (id === column.id && !names.has(name))),
    )
    .map((column) => `${before.name}.${column.name}`)
}
