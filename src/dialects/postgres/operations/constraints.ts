/** Constraints of tables that exist. */
import type { Executor, Row } from '../../dialect.ts'
import {
  definedOtherwise,
  nameOf,
  readCheck,
  readForeignKey,
  requireColumns as requireList,
  type WantedForeignKey,
} from '../../operation-parts.ts'
import type { Operations, ReferentialAction } from '../../operations.ts'
import { type Relation, readColumns, requireColumns, requireTable } from './catalogue.ts'
import { askScratch } from './scratch.ts'
import { checkText, foreignKeyText, literal, quoteId, uniqueText } from './text.ts'

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
      await requireColumns(executor, relation, columns)
      const found = await findConstraint(executor, relation, key.name)
      if (found === undefined) return await add(relation, foreignKeyText(key), notValid)
      const wants = await keyOf(executor, key)
      if (found.kind !== 'f' || found.shape !== wants)
        throw definedOtherwise(
          `the constraint ${key.name} of ${table}`,
          found.definition,
          foreignKeyText(key),
        )
    },
    addUnique: async (table, columns, options = {}) => {
      requireList(`a key of ${table}`, columns)
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
      const wants = found.kind === 'c' ? await readCheckAs(executor, relation, check.name, text) : undefined
      if (found.definition.replace(/ NOT VALID$/, '') !== wants)
        throw definedOtherwise(`the constraint ${check.name} of ${table}`, found.definition, wants ?? text)
    },
    dropConstraint: async (table, name) => {
      const relation = await requireTable(executor, table)
      if ((await findConstraint(executor, relation, name)) !== undefined)
        await executor.query(`alter table ${relation.quoted} drop constraint ${quoteId(name)}`, [])
    },
  }
}

interface StoredConstraint {
  /** https://www.postgresql.org/docs/current/catalog-pg-constraint.html */
  readonly kind: string
  readonly definition: string
  /** Names as JSON. */
  readonly columns: string
  /** Of a foreign key: its columns, what they refer to, and what happens then. */
  readonly shape: string
}

const columnNames = (relation: string, numbers: string) =>
  `(select pg_catalog.json_agg(a.attname order by u.place)::text
    from pg_catalog.unnest(${numbers}) with ordinality as u (number, place)
      join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = u.number)`

async function findConstraint(
  executor: Executor,
  table: Relation,
  name: string,
): Promise<StoredConstraint | undefined> {
  const [row] = await executor.query(
    `select k.contype::text as kind, pg_catalog.pg_get_constraintdef(k.oid) as definition, k.confrelid::text as target,
  k.confdeltype::text as deleted, k.confupdtype::text as updated,
  ${columnNames('k.conrelid', 'k.conkey')} as columns, ${columnNames('k.confrelid', 'k.confkey')} as targets
from pg_catalog.pg_constraint k
where k.conrelid = ${table.oid} and k.conname = ${literal(name)}`,
    [],
  )
  if (row === undefined) return undefined
  const columns = namesIn(row.columns)
  return {
    kind: String(row.kind),
    definition: String(row.definition),
    columns: JSON.stringify(columns),
    shape: JSON.stringify([columns, String(row.target), namesIn(row.targets), row.deleted, row.updated]),
  }
}

function namesIn(json: Row[string]): readonly string[] {
  return typeof json === 'string' ? (JSON.parse(json) as string[]) : []
}

const letters: Readonly<Record<ReferentialAction, string>> = {
  'no action': 'a',
  restrict: 'r',
  cascade: 'c',
  'set null': 'n',
  'set default': 'd',
}

async function keyOf(executor: Executor, key: WantedForeignKey): Promise<string> {
  const target = await requireTable(executor, key.target.table)
  return JSON.stringify([
    key.columns,
    target.oid,
    key.target.columns ?? (await primaryKeyOf(executor, target)),
    letters[key.onDelete ?? 'no action'],
    letters[key.onUpdate ?? 'no action'],
  ])
}

async function primaryKeyOf(executor: Executor, table: Relation): Promise<readonly string[]> {
  const [row] = await executor.query(
    `select ${columnNames('k.conrelid', 'k.conkey')} as columns
from pg_catalog.pg_constraint k where k.conrelid = ${table.oid} and k.contype = 'p'`,
    [],
  )
  return namesIn(row?.columns)
}

async function readCheckAs(executor: Executor, table: Relation, name: string, text: string): Promise<string> {
  return await askScratch(
    executor,
    table,
    'table',
    (scratch) => `${scratch.create} table ${scratch.name} (like ${table.quoted}, ${text})`,
    async ({ path }) => {
      const [row] = await executor.query(
        `select pg_catalog.pg_get_constraintdef(oid) as definition from pg_catalog.pg_constraint
where conrelid = ${literal(path)}::pg_catalog.regclass and conname = ${literal(name)}`,
        [],
      )
      return String(row?.definition)
    },
  )
}
