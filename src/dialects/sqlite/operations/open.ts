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
  const { name: migration, requireShield } = shelter
  const call = (name: keyof Operations, args: readonly unknown[]): Promise<void> => {
    const frame = overhear({ query: async () => [] }, 'frame')
    return shelter.enclose(
      async (executor) => {
        const ground = { name: migration, executor: overhear(executor), requireShield }
        const before = [...declared]
        try {
          await (operationsOn(ground, declared)[name] as Operation)(...args)
        } catch (error) {
          declared.clear()
          for (const [key, values] of before) declared.set(key, values)
          throw error
        }
      },
      (text) => void frame.query(text, []),
    )
  }
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
