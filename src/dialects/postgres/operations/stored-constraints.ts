/** Constraints that are there, against those that are wanted. */
import type { Executor, Row } from '../../dialect.ts'
import { definedOtherwise, type WantedForeignKey, type WantedTable } from '../../operation-parts.ts'
import type { ReferentialAction } from '../../operations.ts'
import { type Relation, requireTable } from './catalogue.ts'
import { askScratch } from './scratch.ts'
import { checkText, foreignKeyText, list, literal, quoteId, uniqueText } from './text.ts'

export interface StoredConstraint {
  readonly name: string
  /** https://www.postgresql.org/docs/current/catalog-pg-constraint.html */
  readonly kind: string
  readonly definition: string
  /** Names as JSON. */
  readonly columns: string
  /** Of a foreign key: its columns, what they refer to, what happens then, and when it is checked. */
  readonly shape: string
}

const columnNames = (relation: string, numbers: string) =>
  `(select pg_catalog.json_agg(a.attname order by u.place)::text
    from pg_catalog.unnest(${numbers}) with ordinality as u (number, place)
      join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = u.number)`

export async function readConstraints(executor: Executor, table: Relation): Promise<StoredConstraint[]> {
  const rows = await executor.query(
    `select k.conname as name, k.contype::text as kind, pg_catalog.pg_get_constraintdef(k.oid) as definition,
  k.confrelid::text as target, k.confdeltype::text as deleted, k.confupdtype::text as updated,
  k.confmatchtype::text as matched, k.condeferrable as deferrable,
  ${columnNames('k.conrelid', 'k.conkey')} as columns, ${columnNames('k.confrelid', 'k.confkey')} as targets
from pg_catalog.pg_constraint k
where k.conrelid = ${table.oid}`,
    [],
  )
  return rows.map((row) => {
    const columns = namesIn(row.columns)
    const { target, targets, deleted, updated, matched, deferrable } = row
    return {
      name: String(row.name),
      kind: String(row.kind),
      definition: String(row.definition).replace(/ NOT VALID$/, ''),
      columns: JSON.stringify(columns),
      shape: JSON.stringify([
        columns,
        String(target),
        namesIn(targets),
        deleted,
        updated,
        matched,
        deferrable,
      ]),
    }
  })
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

/** As `shape` of what it would be. */
export async function shapeOf(executor: Executor, key: WantedForeignKey): Promise<string> {
  const target = await requireTable(executor, key.target.table)
  return JSON.stringify([
    key.columns,
    target.oid,
    key.target.columns ?? (await primaryKeyOf(executor, target)),
    letters[key.onDelete ?? 'no action'],
    letters[key.onUpdate ?? 'no action'],
    's',
    false,
  ])
}

async function primaryKeyOf(executor: Executor, table: Relation): Promise<readonly string[]> {
  const found = (await readConstraints(executor, table)).find(({ kind }) => kind === 'p')
  return found === undefined ? [] : namesIn(found.columns)
}

export type WantedConstraints = Pick<WantedTable, 'uniques' | 'checks' | 'foreignKeys'> & {
  /** Whatever its name is. Null: there must be none; undefined: it is no question. */
  readonly primaryKey?: WantedTable['primaryKey'] | null
}

/** Primary key, uniques and checks as the server would write them down. */
export async function readWantedConstraints(
  executor: Executor,
  table: Relation,
  { primaryKey, uniques, checks }: Omit<WantedConstraints, 'foreignKeys'>,
): Promise<{ readonly name: string; readonly kind: string; readonly definition: string }[]> {
  const texts = [
    ...(primaryKey == null ? [] : [`primary key ${list(primaryKey.columns)}`]),
    ...uniques.map(({ name, columns }) => uniqueText(name, columns)),
    ...checks.map(({ name, expression }) => checkText(name, expression)),
  ]
  if (texts.length === 0) return []
  const rows = await askScratch(
    executor,
    table,
    ({ create, name }) => [`${create} table ${name} (like ${table.quoted}, ${texts.join(', ')})`],
    ({ path }) =>
      `select conname as name, contype::text as kind, pg_catalog.pg_get_constraintdef(oid) as definition
from pg_catalog.pg_constraint where conrelid = ${literal(path)}::pg_catalog.regclass and contype in ('p', 'u', 'c')`,
  )
  return rows.map((row) => ({
    name: String(row.name),
    kind: String(row.kind),
    definition: String(row.definition),
  }))
}

/** Each that is wanted must be there, as it is wanted; others may have come since. Throws defined-otherwise. */
export async function requireConstraints(
  executor: Executor,
  table: Relation,
  what: string,
  wanted: WantedConstraints,
): Promise<void> {
  const found = await readConstraints(executor, table)
  const differing: [found: string, wanted: string][] = []
  const differ = (name: string, has: StoredConstraint | undefined, text: string) =>
    differing.push([has === undefined ? `no constraint ${name}` : describe(has), text])
  for (const one of await readWantedConstraints(executor, table, wanted)) {
    const isKey = one.kind === 'p'
    const has = found.find(({ name, kind }) => (isKey ? kind === 'p' : name === one.name))
    if (has?.definition !== one.definition)
      differ(isKey ? 'of a primary key' : one.name, has, isKey ? one.definition : describe(one))
  }
  for (const key of wanted.foreignKeys) {
    const has = found.find(({ name }) => name === key.name)
    if (has?.kind !== 'f' || has.shape !== (await shapeOf(executor, key)))
      differ(key.name, has, foreignKeyText(key))
  }
  const surplus = wanted.primaryKey === null ? found.find(({ kind }) => kind === 'p') : undefined
  if (surplus !== undefined) differing.push([describe(surplus), 'no primary key'])
  if (differing.length > 0)
    throw definedOtherwise(
      what,
      differing.map(([has]) => has).join('; '),
      differing.map(([, wants]) => wants).join('; '),
    )
}

function describe({ name, definition }: Pick<StoredConstraint, 'name' | 'definition'>): string {
  return `constraint ${quoteId(name)} ${definition}`
}
