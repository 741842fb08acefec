/** Enums. https://www.postgresql.org/docs/current/sql-altertype.html */
import type { Executor } from '../../dialect.ts'
import { badOperation, definedOtherwise } from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import { literal, qualified } from './text.ts'
import { findType, type StoredEnum } from './types.ts'

type EnumOperations = Pick<Operations, 'createEnum' | 'addEnumValue' | 'dropEnum'>

export function enumOperations(executor: Executor): EnumOperations {
  const requireEnum = async (name: string): Promise<StoredEnum> => {
    const found = await findType(executor, name)
    if (found?.kind !== 'e') throw badOperation(`there is no enum ${name}`)
    return found
  }
  return {
    createEnum: async (name, values) => {
      if (values.length === 0 || new Set(values).size < values.length)
        throw badOperation(`the enum ${name} needs values, each once`)
      const found = await findType(executor, name)
      if (found === undefined)
        await executor.query(`create type ${qualified(name)} as enum (${values.map(literal).join(', ')})`, [])
      else if (found.kind !== 'e')
        throw definedOtherwise(`the type ${name}`, 'no enum', `an enum of ${values.join(', ')}`)
      else if (JSON.stringify(found.values) !== JSON.stringify(values))
        throw definedOtherwise(`the enum ${name}`, found.values.join(', '), values.join(', '))
    },
    addEnumValue: async (name, value, options = {}) => {
      const { quoted, values } = await requireEnum(name)
      if (values.includes(value)) return
      const { before, after } = options as { readonly before?: string; readonly after?: string }
      const neighbour = before ?? after
      if (neighbour !== undefined && !values.includes(neighbour))
        throw badOperation(`the enum ${name} has no value ${neighbour}`)
      const place =
        neighbour === undefined ? '' : ` ${before === undefined ? 'after' : 'before'} ${literal(neighbour)}`
      await executor.query(`alter type ${quoted} add value ${literal(value)}${place}`, [])
    },
    dropEnum: async (name) => {
      if ((await findType(executor, name)) === undefined) return
      await executor.query(`drop type ${(await requireEnum(name)).quoted}`, [])
    },
  }
}
