/** Constraints of tables that exist. */
import type { Executor } from '../../dialect.ts'
import { definedOtherwise, listColumns, nameOf, readCheck, readForeignKey } from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import { type Relation, readColumns, requireColumns, requireTable } from './catalogue.ts'
import {
  readConstraints,
  readWantedConstraints,
  type StoredConstraint,
  shapeOf,
} from './stored-constraints.ts'
import { checkText, foreignKeyText, quoteId, uniqueText } from './text.ts'

type ConstraintOperations = Pick<Operations, 'addForeignKey' | 'addUnique' | 'addCheck' | 'dropConstraint'>

export function constraintOperations(executor: Executor): ConstraintOperations {
  const add = async (table: Relation, text: string, notValid?: boolean) => {
    await executor.query(
      `alter table ${table.quoted} add ${text}${notValid === true ? ' not valid' : ''}`,
      [],
    )
  }
  return {
    addForeignKey: async (table, columns, references, options = {}) => {
      const { notValid, ...rest } = options
      const key = readForeignKey(table, columns, references, rest)
      const relation = await requireTable(executor, table)
      await requireColumns(executor, relation, key.columns)
      const found = await findConstraint(executor, relation, key.name)
      if (found === undefined) return await add(relation, foreignKeyText(key), notValid)
      if (found.kind !== 'f' || found.shape !== (await shapeOf(executor, key)))
        throw definedOtherwise(
          `the constraint ${key.name} of ${table}`,
          found.definition,
          foreignKeyText(key),
        )
    },
    addUnique: async (table, given, options = {}) => {
      const columns = listColumns(`a key of ${table}`, given)
      const name = options.name ?? nameOf(table, columns, 'key')
      const relation = await requireTable(executor, table)
      await requireColumns(executor, relation, columns)
      const found = await findConstraint(executor, relation, name)
      if (found === undefined) return await add(relation, uniqueText(name, columns))
      if (found.kind !== 'u' || found.columns !== JSON.stringify(columns))
        throw definedOtherwise(
          `the constraint ${name} of ${table}`,
          found.definition,
          uniqueText(name, columns),
        )
    },
    addCheck: async (table, expression, { name, notValid } = {}) => {
      const relation = await requireTable(executor, table)
      const columns = (await readColumns(executor, relation.oid)).map((column) => column.name)
      const check = readCheck(table, name === undefined ? expression : { name, expression }, columns)
      const text = checkText(check.name, check.expression)
      const found = await findConstraint(executor, relation, check.name)
      if (found === undefined) return await add(relation, text, notValid)
      const [wanted] = await readWantedConstraints(executor, relation, { uniques: [], checks: [check] })
      if (found.kind !== 'c' || found.definition !== wanted?.definition)
        throw definedOtherwise(
          `the constraint ${check.name} of ${table}`,
          found.definition,
          wanted?.definition ?? text,
        )
    },
    dropConstraint: async (table, name) => {
      const relation = await requireTable(executor, table)
      if ((await findConstraint(executor, relation, name)) !== undefined)
        await executor.query(`alter table ${relation.quoted} drop constraint ${quoteId(name)}`, [])
    },
  }
}

async function findConstraint(
  executor: Executor,
  table: Relation,
  name: string,
): Promise<StoredConstraint | undefined> {
  return (await readConstraints(executor, table)).find((one) => one.name === name)
}
