/** All templates that slipway brings, in the order in which they are listed. */
import { addCheck } from './kinds/add-check.ts'
import { addColumn } from './kinds/add-column.ts'
import { addForeignKey } from './kinds/add-foreign-key.ts'
import { addIndex } from './kinds/add-index.ts'
import { addUnique } from './kinds/add-unique.ts'
import { backfill } from './kinds/backfill.ts'
import { blank } from './kinds/blank.ts'
import { createEnum } from './kinds/create-enum.ts'
import { createTable } from './kinds/create-table.ts'
import { dataMigration } from './kinds/data-migration.ts'
import { dropColumn } from './kinds/drop-column.ts'
import { recreateTable } from './kinds/recreate-table.ts'
import { renameColumn } from './kinds/rename-column.ts'
import { setNotNull } from './kinds/set-not-null.ts'
import type { Template } from './template.ts'

export const templates: readonly Template[] = [
  blank,
  createTable,
  addColumn,
  dropColumn,
  renameColumn,
  addIndex,
  addForeignKey,
  addCheck,
  addUnique,
  setNotNull,
  createEnum,
  dataMigration,
  backfill,
  recreateTable,
]

export const templateNames: readonly string[] = templates.map(({ name }) => name)

export function findTemplate(name: string): Template | undefined {
  return templates.find((template) => template.name === name)
}
