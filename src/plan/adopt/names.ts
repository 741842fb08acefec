/** The tools whose history slipway can take over. */

export const foreignTools = [
  'dbmate',
  'golang-migrate',
  'goose',
  'flyway',
  'node-pg-migrate',
  'knex',
  'kysely',
  'prisma',
  'drizzle',
  'alembic',
] as const
export type ForeignTool = (typeof foreignTools)[number]

export function isForeignTool(word: string): word is ForeignTool {
  return foreignTools.some((tool) => tool === word)
}
