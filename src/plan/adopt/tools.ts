/** Whose history a table is, told by its columns and its name. Pure. */

import { type ForeignTool, foreignTools } from './names.ts'

interface ToolSpec {
  readonly label: string
  /** Of its table unless it is told otherwise, the present one first. */
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  /** It has no columns but these. */
  readonly exactly?: boolean
  /** It keeps a table with this end in its name that says whether it is at work. */
  readonly lock?: string
}

const specs: Readonly<Record<ForeignTool, ToolSpec>> = {
  dbmate: { label: 'dbmate', tables: ['schema_migrations'], columns: ['version'], exactly: true },
  'golang-migrate': {
    label: 'golang-migrate',
    tables: ['schema_migrations'],
    columns: ['version', 'dirty'],
    exactly: true,
  },
  goose: {
    label: 'goose',
    tables: ['goose_db_version'],
    columns: ['id', 'version_id', 'is_applied', 'tstamp'],
  },
  flyway: {
    label: 'Flyway',
    tables: ['flyway_schema_history', 'schema_version'],
    columns: [
      'installed_rank',
      'version',
      'description',
      'type',
      'script',
      'checksum',
      'installed_on',
      'success',
    ],
  },
  'node-pg-migrate': {
    label: 'node-pg-migrate',
    tables: ['pgmigrations'],
    columns: ['id', 'name', 'run_on'],
  },
  knex: {
    label: 'Knex',
    tables: ['knex_migrations'],
    columns: ['id', 'name', 'batch', 'migration_time'],
    lock: '_lock',
  },
  kysely: {
    label: 'Kysely',
    tables: ['kysely_migration'],
    columns: ['name', 'timestamp'],
    exactly: true,
    lock: '_lock',
  },
  prisma: {
    label: 'Prisma',
    tables: ['_prisma_migrations'],
    columns: ['migration_name', 'checksum', 'started_at', 'finished_at', 'rolled_back_at'],
  },
  drizzle: {
    label: 'Drizzle',
    tables: ['__drizzle_migrations'],
    columns: ['id', 'hash', 'created_at'],
  },
  alembic: { label: 'Alembic', tables: ['alembic_version'], columns: ['version_num'], exactly: true },
}

export function labelOf(tool: ForeignTool): string {
  return specs[tool].label
}

/** `public.knex_migrations_lock` beside `public.knex_migrations`. */
export function lockTableOf(tool: ForeignTool, table: string): string | undefined {
  const { lock } = specs[tool]
  return lock === undefined ? undefined : `${table}${lock}`
}

/** The tool that makes a table with these columns; undefined if none does. */
export function recogniseColumns(columns: readonly string[]): ForeignTool | undefined {
  const found = new Set(columns.map((column) => column.toLowerCase()))
  return foreignTools.find((tool) => {
    const { columns: wanted, exactly } = specs[tool]
    return wanted.every((column) => found.has(column)) && (exactly !== true || found.size === wanted.length)
  })
}

/** What a table is called once slipway has its name. */
export function movedName(table: string, tool: ForeignTool): string {
  return `${table}_${tool.replaceAll('-', '_')}`
}

/** A table to look at, by its name in small letters and its columns. `named`: what --from-table says, without its schema. */
export function wantsTable(
  { name, columns }: { readonly name: string; readonly columns: readonly string[] },
  named: string | undefined,
): boolean {
  const isLock = foreignTools.some((tool) => {
    const tables = named === undefined ? specs[tool].tables : [named.toLowerCase()]
    return tables.some((table) => name === lockTableOf(tool, table))
  })
  if (isLock || (named !== undefined && name === named.toLowerCase())) return true
  const tool = named === undefined ? recogniseColumns(columns) : undefined
  if (tool === undefined) return false
  return specs[tool].tables.some((table) => name === table || name === movedName(table, tool))
}
