/**
 * Enums, which SQLite does not have: a column of such a type is text with a check of its values, and the check is
 * where they are kept, with the enum's name in a comment, which renaming a table or a column leaves alone. What createEnum says counts for the migration, and is compared with the checks there are.
 */

import { nameObject } from '../../../sql/object-names.ts'
import { parseName, quoteSqliteId } from '../../../sql/quote.ts'
import type { Constraint } from '../../../sql/sqlite-marks.ts'
import { readSqliteTable } from '../../../sql/sqlite-table.ts'
import { badOperation, definedOtherwise, type WantedColumn, type WantedTable } from '../../operation-parts.ts'
import type { Operations } from '../../operations.ts'
import { checkText, defaultText, isPortable } from './column-text.ts'
import type { Ground } from './ground.ts'
import { rebuildTable } from './rebuild.ts'
import { requireMainTable } from './stored.ts'

type EnumOperations = Pick<Operations, 'createEnum' | 'addEnumValue' | 'dropEnum'>

export interface Enums {
  /** The table with a text and a check for each column of an enum. */
  resolve(table: string, wanted: WantedTable): Promise<WantedTable>
  resolveColumn(
    table: string,
    column: WantedColumn,
  ): Promise<{ readonly column: WantedColumn; readonly check: string | undefined }>
}

/** Values by the enum's name, for one migration. */
export type DeclaredEnums = Map<string, readonly string[]>

export function createEnums(ground: Ground, declared: DeclaredEnums): Enums {
  const resolveColumn: Enums['resolveColumn'] = async (table, column) => {
    const values = await valuesOf(ground, declared, column.type)
    if (values === undefined) return { column, check: undefined }
    const check = checkText(checkName(table, column.name), condition(column.type, column.name, values))
    return { column: { ...column, type: 'text' }, check }
  }
  return {
    resolveColumn,
    resolve: async (table, wanted) => {
      const columns: WantedColumn[] = []
      const checks = [...wanted.checks]
      for (const column of wanted.columns) {
        const values = await valuesOf(ground, declared, column.type)
        columns.push(values === undefined ? column : { ...column, type: 'text' })
        if (values !== undefined)
          checks.push({
            name: checkName(table, column.name),
            expression: condition(column.type, column.name, values),
          })
      }
      return { ...wanted, columns, checks }
    },
  }
}

export function enumOperations(ground: Ground, declared: DeclaredEnums): EnumOperations {
  return {
    createEnum: async (name, values) => {
      if (values.length === 0 || new Set(values).size < values.length)
        throw badOperation(`the enum ${name} needs values, each once`)
      if (name.includes('*/')) throw badOperation(`an enum cannot be called ${name}`)
      const uses = await findUses(ground, name)
      for (const use of uses)
        if (JSON.stringify(use.values) !== JSON.stringify(values))
          throw definedOtherwise(
            `the enum ${name}`,
            `${use.values.join(', ')} (${use.table})`,
            values.join(', '),
          )
      declared.set(keyOf(name), values)
    },
    addEnumValue: async (name, value, options = {}) => {
      const old = await valuesOf(ground, declared, name)
      if (old === undefined) throw unknownEnum(name)
      if (old.includes(value)) return
      const values = insertValue(name, old, value, options)
      declared.set(keyOf(name), values)
      for (const use of await findUses(ground, name)) await replaceCheck(ground, { ...use, values }, name)
    },
    dropEnum: async (name) => {
      const [use] = await findUses(ground, name)
      if (use !== undefined) throw badOperation(`the enum ${name} is in use: ${use.table}.${use.column}`)
      declared.delete(keyOf(name))
    },
  }
}

function unknownEnum(name: string): Error {
  return badOperation(
    `no column uses an enum ${name}, and SQLite keeps one only with a column`,
    `call op.createEnum(${JSON.stringify(name)}, […]) first, in this migration`,
  )
}

interface Use {
  readonly table: string
  readonly column: string
  readonly constraint: string
  readonly values: readonly string[]
}

const keyOf = (name: string) => parseName(name).name.toLowerCase()

function checkName(table: string, column: string): string {
  return nameObject(parseName(table).name, [column, 'enum'], 'check')
}

function condition(type: string, column: string, values: readonly string[]): string {
  const texts = values.map((value) => defaultText(value, 'text'))
  return `${quoteSqliteId(column)} in (${texts.join(', ')}) /* enum ${keyOf(type)} */`
}

async function valuesOf(
  ground: Ground,
  declared: DeclaredEnums,
  type: string,
): Promise<readonly string[] | undefined> {
  if (isPortable(type) || (!/^[^()\s]+$/.test(type) && !type.startsWith('"'))) return undefined
  let key: string
  try {
    key = keyOf(type)
  } catch {
    return undefined
  }
  return declared.get(key) ?? (await findUses(ground, type))[0]?.values
}

/** The checks that `condition` wrote for this enum. */
async function findUses(ground: Ground, name: string): Promise<Use[]> {
  const tables = await ground.executor.query(
    "select name, sql from main.sqlite_schema where type = 'table' and sql like '%/* enum %'",
    [],
  )
  return tables.flatMap((row) => {
    const table = String(row.name)
    const text = readSqliteTable(String(row.sql))
    const constraints = [
      ...(text?.constraints ?? []),
      ...(text?.columns.flatMap((column) => column.constraints) ?? []),
    ]
    return constraints.flatMap((constraint) => {
      const source = String(row.sql).slice(constraint.start, constraint.end)
      const use = source.includes(`/* enum ${keyOf(name)} */`) ? readUse(table, constraint) : undefined
      return use === undefined ? [] : [use]
    })
  })
}

/** `check ("column" in ('a', 'b'))` */
function readUse(table: string, { kind, name, marks }: Constraint): Use | undefined {
  const at = marks.findIndex(({ text, kind: what }) => what === 'word' && text === 'in')
  const column = marks[at - 1]?.text
  if (kind !== 'check' || name === undefined || column === undefined) return undefined
  const values = marks
    .slice(at)
    .filter((mark) => mark.kind === 'string')
    .map(({ text }) => text.slice(1, -1).replaceAll("''", "'"))
  return { table, column, constraint: name, values }
}

function insertValue(
  name: string,
  values: readonly string[],
  value: string,
  place: { readonly before?: string; readonly after?: string },
): readonly string[] {
  const neighbour = place.before ?? place.after
  if (neighbour === undefined) return [...values, value]
  const at = values.indexOf(neighbour)
  if (at === -1) throw badOperation(`the enum ${name} has no value ${neighbour}`)
  return values.toSpliced(place.before === undefined ? at + 1 : at, 0, value)
}

async function replaceCheck(ground: Ground, use: Use, type: string): Promise<void> {
  const table = await requireMainTable(ground.executor, quoteSqliteId(use.table))
  await rebuildTable(ground, {
    table,
    edits: [
      (text) => {
        const all = [...text.constraints, ...text.columns.flatMap((column) => column.constraints)]
        const found = all.find(({ name }) => name === use.constraint)
        if (found === undefined) return undefined
        // The column as it is written in the table, not in lower case as it was found.
        const column = table.columns.find(({ name }) => name.toLowerCase() === use.column)?.name ?? use.column
        return [
          {
            start: found.start,
            end: found.end,
            text: checkTextAs(text.sql, found, condition(type, column, use.values)),
          },
        ]
      },
    ],
  })
}

/** Keeps the name as it is written. */
function checkTextAs(sql: string, { marks }: Constraint, expression: string): string {
  const name = marks[1]
  return `constraint ${name === undefined ? '' : sql.slice(name.start, name.end)} check (${expression})`
}
