/** `op` on SQLite. */
import { type Operations, operationNames, type Overhear } from '../../operations.ts'
import { columnOperations } from './columns.ts'
import { constraintOperations } from './constraints.ts'
import { createEnums, type DeclaredEnums, enumOperations } from './enums.ts'
import type { Ground, Shelter } from './ground.ts'
import { indexOperations } from './indexes.ts'
import { tableOperations } from './tables.ts'

type Operation = (...args: unknown[]) => Promise<void>

export function openOperations(shelter: Shelter, overhear: Overhear = (executor) => executor): Operations {
  const declared: DeclaredEnums = new Map()
  const call = (name: keyof Operations, args: readonly unknown[]): Promise<void> =>
    shelter.exclusively(async (executor) => {
      const frame = overhear({ query: async () => [] }, 'frame')
      const ground: Ground = {
        name: shelter.name,
        executor: overhear(executor),
        shield: (work) => shelter.shield(work, (text) => void frame.query(text, [])),
      }
      await (operationsOn(ground, declared)[name] as Operation)(...args)
    })
  const operations = operationNames.map((name) => [name, (...args: unknown[]) => call(name, args)])
  return Object.fromEntries(operations) as unknown as Operations
}

function operationsOn(ground: Ground, declared: DeclaredEnums): Operations {
  const enums = createEnums(ground, declared)
  return {
    ...tableOperations(ground, enums),
    ...columnOperations(ground, enums),
    ...constraintOperations(ground),
    ...indexOperations(ground),
    ...enumOperations(ground, declared),
    // SQLite has no comments.
    comment: async () => {},
  }
}
