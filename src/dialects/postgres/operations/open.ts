/** `op` on PostgreSQL. */
import type { Executor } from '../../dialect.ts'
import { type Operations, operationNames } from '../../operations.ts'
import { columnOperations } from './columns.ts'
import { constraintOperations } from './constraints.ts'
import { enumOperations } from './enums.ts'
import { indexOperations } from './indexes.ts'
import type { Shelter } from './later.ts'
import { tableOperations } from './tables.ts'

type Operation = (...args: unknown[]) => Promise<void>

export function openOperations(
  shelter: Shelter,
  overhear: (executor: Executor) => Executor = (executor) => executor,
): Operations {
  const operations = operationsOn(overhear(shelter.executor))
  const enclosed = operationNames.map((name) => [
    name,
    (...args: unknown[]) => shelter.enclose(() => (operations[name] as Operation)(...args)),
  ])
  return Object.fromEntries(enclosed) as unknown as Operations
}

function operationsOn(executor: Executor): Operations {
  return {
    ...tableOperations(executor),
    ...columnOperations(executor),
    ...constraintOperations(executor),
    ...indexOperations(executor),
    ...enumOperations(executor),
  }
}
