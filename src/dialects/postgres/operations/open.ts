/** `op` on PostgreSQL. */
import type { Executor } from '../../dialect.ts'
import type { Operations } from '../../operations.ts'
import { columnOperations } from './columns.ts'
import { constraintOperations } from './constraints.ts'
import { enumOperations } from './enums.ts'
import { indexOperations } from './indexes.ts'
import { tableOperations } from './tables.ts'

export function openOperations(executor: Executor): Operations {
  return {
    ...tableOperations(executor),
    ...columnOperations(executor),
    ...constraintOperations(executor),
    ...indexOperations(executor),
    ...enumOperations(executor),
  }
}
