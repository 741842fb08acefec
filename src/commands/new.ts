/** `slipway new NAME` */
import { relative } from 'node:path'
import { isSlipwayError } from '../errors.ts'
import { createMigration } from '../files/create.ts'
import { discoverMigrations } from '../files/discover.ts'
import type { MigrationFile } from '../plan/migration.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function newMigration(
  context: CommandContext,
  options: { readonly name: string; readonly language: 'typescript' | 'sql' },
): Promise<number> {
  const { dir } = context.config
  const path = await createMigration({
    dir,
    ...options,
    now: new Date(),
    existing: await findExisting(context),
  })
  context.print(relative(context.cwd, path))
  return 0
}

/** A folder that is not there yet is about to be. */
async function findExisting({ config, cwd }: CommandContext): Promise<readonly MigrationFile[]> {
  try {
    return (await discoverMigrations(config.dir, { allowEmpty: true, cwd })).files
  } catch (error) {
    if (isSlipwayError(error) && error.code === 'dir-missing') return []
    throw error
  }
}
