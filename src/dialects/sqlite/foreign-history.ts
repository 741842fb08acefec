/** Other tools' history tables, told by their columns, so that a refusal can name whose table it met. */

const tools: readonly (readonly [tool: string, columns: readonly string[]])[] = [
  ['Rails or dbmate', ['version']],
  ['golang-migrate', ['version', 'dirty']],
  ['Alembic', ['version_num']],
  ['goose', ['id', 'version_id', 'is_applied', 'tstamp']],
  ['Knex', ['id', 'name', 'batch', 'migration_time']],
  ['Drizzle', ['id', 'hash', 'created_at']],
  ['Kysely', ['name', 'timestamp']],
  ['Django', ['id', 'app', 'name', 'applied']],
  ['sqlx', ['version', 'description', 'installed_on', 'success', 'checksum', 'execution_time']],
  ['Refinery', ['version', 'name', 'applied_on', 'checksum']],
  [
    'Prisma',
    [
      'id',
      'checksum',
      'finished_at',
      'migration_name',
      'logs',
      'rolled_back_at',
      'started_at',
      'applied_steps_count',
    ],
  ],
  [
    'Flyway',
    [
      'installed_rank',
      'version',
      'description',
      'type',
      'script',
      'checksum',
      'installed_by',
      'installed_on',
      'execution_time',
      'success',
    ],
  ],
]

/** The tool whose history table has exactly these columns, in any order. */
export function recogniseTool(columns: readonly string[]): string | undefined {
  const key = fingerprint(columns)
  return tools.find(([, known]) => fingerprint(known) === key)?.[0]
}

function fingerprint(columns: readonly string[]): string {
  return columns
    .map((column) => column.toLowerCase())
    .sort()
    .join()
}
