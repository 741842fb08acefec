/** `slipway new NAME` */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { NewCommand } from '../config/new-arguments.ts'
import { isSlipwayError } from '../errors.ts'
import { createMigrations } from '../files/create.ts'
import { discoverMigrations } from '../files/discover.ts'
import { manifestName } from '../files/manifest.ts'
import { listTemplates, placeOfTemplates, readTemplate } from '../files/own-templates.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { slugOf } from '../plan/slug.ts'
import { withTypedFlags } from '../plan/typed-flags.ts'
import { flagOfParameter, parameterNames } from '../templates/parameters.ts'
import { fillTemplate } from '../templates/placeholders.ts'
import { templateNames } from '../templates/registry.ts'
import { type RenderedMigration, renderMigrations, unknownTemplate } from '../templates/render.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function newMigration(context: CommandContext, command: NewCommand): Promise<number> {
  const { dir } = context.config
  const migrations = render(context, command)
  const paths = createMigrations({ dir, migrations, now: new Date(), existing: await findExisting(context) })
  for (const path of paths) context.print(relative(context.cwd, path))
  if (existsSync(join(dir, manifestName))) context.emit({ type: 'warning', ...outdated(context) })
  if (context.config.hooks?.afterNew !== undefined) await format(context, paths)
  return 0
}

/** The path is told already: what goes wrong now is about a file that is there. */
async function format({ config, env, emit }: CommandContext, paths: readonly string[]): Promise<void> {
  const { watchSignals } = await import('../terminal/signals.ts')
  const { runAfterNew } = await import('../engine/hooks/after-new.ts')
  const { shutdownTimeoutMs } = config
  const signal = watchSignals({ emit, shutdownTimeoutMs, giveUp: () => {} })
  await runAfterNew({ config, env, emit, paths, signal })
}

/** A template of the project comes before slipway's of the same name. */
function render({ config, cwd }: CommandContext, command: NewCommand): readonly RenderedMigration[] {
  const { template = 'blank', form, values } = command
  const slug = slugOf(command.name)
  const dialect = command.dialect ?? config.databaseUrl?.dialect
  const place = placeOfTemplates(config.dir, config.templates)
  const own = listTemplates(place)
  const extensions = own.get(template)
  if (extensions !== undefined) {
    const read = readTemplate({ place, name: template, extensions, form, cwd })
    return [{ slug, files: fillTemplate(read, { slug, dialect, values: valuesByFlag(command) }) }]
  }
  if (!templateNames.includes(template)) throw unknownTemplate(template, [...own.keys(), ...templateNames])
  return renderMigrations(template, { slug, form, dialect, values, variables: command.variables })
}

/** As `{{…}}` calls them; a flag without a value says true, and one that is repeated has its values in a row. */
function valuesByFlag({ values, variables }: NewCommand): ReadonlyMap<string, string> {
  const given = parameterNames.flatMap((name) => {
    const value = values[name]
    if (value === undefined) return []
    return [[flagOfParameter(name), Array.isArray(value) ? value.join(', ') : String(value)] as const]
  })
  return new Map([...variables, ...given])
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
