import { lockModes, type ParsedStatement, type TableLock } from './statement.ts'

/**
 * What to lock before a list of statements: one entry per table in the strongest mode any of them needs, sorted by
 * name so that two runners never wait for each other in a circle. A table that one of the statements makes is left
 * out, unless it is used before that. Tables that do not exist (yet) may be among the rest.
 */
export function combineLocks(
  statements: readonly Pick<ParsedStatement, 'locks' | 'creates'>[],
): readonly TableLock[] {
  const combined = new Map<string, TableLock>()
  const created = new Set<string>()
  for (const { locks, creates } of statements) {
    for (const lock of locks) {
      const known = combined.get(lock.table)
      if (known !== undefined) combined.set(lock.table, stronger(known, lock))
      else if (!created.has(lock.table)) combined.set(lock.table, lock)
    }
    for (const name of creates ?? []) created.add(name)
  }
  return [...combined.values()].sort((a, b) => (a.table < b.table ? -1 : 1))
}

/** Both needs at once: the stronger mode, and the children too unless neither wants them. */
function stronger(a: TableLock, b: TableLock): TableLock {
  const { table, mode } = lockModes.indexOf(a.mode) >= lockModes.indexOf(b.mode) ? a : b
  return a.only === true && b.only === true ? { table, mode, only: true } : { table, mode }
}
