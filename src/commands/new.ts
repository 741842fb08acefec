/** `slipway new NAME` */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isSlipwayError } from '../errors.ts'
import { createMigration } from '../files/create.ts'
import { discoverMigrations } from '../files/discover.ts'
import { manifestName } from '../files/manifest.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
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
  if (existsSync(join(dir, manifestName))) context.emit({ type: 'warning', ...outdated(context) })
  return 0
}

function outdated({ config, cwd }: CommandContext) {
  const path = relative(cwd, join(config.dir, manifestName))
  const message = `${path} does not know the new file: ${withTypedFlags('slipway manifest')}`
  return { code: 'manifest-stale', message }
}

/** A folder that is not there yet is about to be. */
async function findExisting({ config, cwd }: CommandContext): Promise<readonly MigrationFile[]> {
  try {
    return (await discoverMigrations(config.dir, { allowEmpty: true, cwd, manifest: 'ignore' })).files
  } catch (error) {
    if (isSlipwayError(error) && error.code === 'dir-missing') return []
    throw error
  }
}
