import { alembic } from './alembic.ts'
import { bareNode, psqlFiles, psqlQuery } from './floors.ts'
import { flyway, flywayApi } from './flyway.ts'
import { dbmate, golangMigrate, goose } from './go.ts'
import { knex, kysely, nodePgMigrate, nodePgMigrateWait } from './node.ts'
import { slipway, slipwayManifest, slipwayPlain } from './slipway.ts'
import type { Tool } from './tool.ts'

const migrators: readonly Tool[] = [
  slipway,
  slipwayManifest,
  slipwayPlain,
  dbmate,
  golangMigrate,
  goose,
  nodePgMigrate,
  nodePgMigrateWait,
  knex,
  kysely,
  alembic,
  flyway,
  flywayApi,
]

/** Other ways to have slipway, which make a difference where there is nothing to do. */
const noopOnly: readonly Tool[] = [slipwayManifest, slipwayPlain]

/** Which tools take part in what, in the order of the tables. */
export const toolsFor = {
  noop: [bareNode, psqlQuery, ...migrators.filter((tool) => !tool.startersOnly)],
  apply: [psqlFiles, ...migrators.filter((tool) => !tool.startersOnly && !noopOnly.includes(tool))],
  starters: migrators.filter((tool) => !noopOnly.includes(tool)),
} as const
