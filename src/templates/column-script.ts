/** Columns as what `op` takes. */
import type { Column, ColumnDefault, Reference } from './column.ts'
import { type Fields, object, type Value } from './typescript.ts'

/** `{ type: 'text', nullable: false }`, or the type alone where it says all. */
export function columnSpec(column: Column): Value {
  const spec = object({
    type: column.type,
    identity: column.identity || undefined,
    primaryKey: column.primaryKey || undefined,
    nullable: column.notNull && !column.primaryKey ? false : undefined,
    unique: column.unique || undefined,
    default: column.default && defaultValue(column.default),
    references: column.references && referenceSpec(column.references),
  })
  return spec.fields.length === 1 ? column.type : spec
}

function defaultValue(value: ColumnDefault): Value {
  switch (value.kind) {
    case 'value':
      return value.value
    case 'now':
      return object({ now: true })
    case 'sql':
      return object({ raw: value.sql })
  }
}

function referenceSpec({ table, columns }: Reference): Fields {
  return object({ table: table.text, column: columns[0] })
}

/** `{ table: 'users', columns: ['id'] }` */
export function foreignKeyTarget({ table, columns }: Reference): Fields {
  return object({ table: table.text, columns })
}
