/** A TypeScript or JavaScript migration as a function that can be called. */
import { realpathSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isSlipwayError, SlipwayError } from '../errors.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { nearest } from '../plan/nearest.ts'
import { isCommonJs, runCommonJs } from './common-js.ts'
import type { LoadedBody, LoadedMigration } from './loaded.ts'
import { importServed, withNeighbours } from './module-hook.ts'
import { badOptions, readScriptOptions } from './options.ts'
import { explainScriptError } from './script-error.ts'

/** Throws SlipwayError script-syntax, script-load, no-up, bad-options. */
export async function loadScript(file: MigrationFile): Promise<LoadedMigration> {
  const path = realPathOf(file)
  const exported = await importExports(file, path, () => importFile(file, path))
  // It may import a neighbour as late as when it runs.
  return readExports(file, exported, (work) => withNeighbours(dirname(path), work))
}

/** `around`: what has to be in place while `up` or `down` runs. Throws no-up, bad-options. */
export function readExports(
  file: MigrationFile,
  exported: Exports,
  around: (work: () => Promise<unknown>) => Promise<unknown>,
): LoadedMigration {
  const { up, down, options, MIGRATION_ID: id } = exported
  if (typeof up !== 'function') throw noUp(file, exported)
  const problems: string[] = []
  if (down !== undefined && typeof down !== 'function') problems.push('down is exported, but is no function')
  if (id !== undefined && id !== file.name)
    problems.push(`MIGRATION_ID is ${JSON.stringify(id)}, but the file is named ${file.name}`)
  if (problems.length > 0) throw badOptions(file, problems)
  const declared = readScriptOptions(file, options)
  const bodyOf = (run: (...given: never[]) => unknown): LoadedBody => ({
    kind: 'code',
    up: (context) => around(async () => Reflect.apply(run, exported, [context])),
  })
  return {
    file,
    options: declared,
    hasDown: typeof down === 'function',
    body: bodyOf(up as () => unknown),
    ...(typeof down === 'function'
      ? { down: { options: declared, body: bodyOf(down as () => unknown) } }
      : {}),
    notices: [],
  }
}

export type Exports = Readonly<Record<string, unknown>>

/** What fails is explained with its place in the file. */
export async function importExports(
  file: MigrationFile,
  path: string,
  importing: () => Promise<unknown>,
): Promise<Exports> {
  try {
    return unwrapDefault(await importing())
  } catch (error) {
    throw isSlipwayError(error) ? error : explainScriptError(error, file, path)
  }
}

/** What the script at `path` exports: a module's namespace, or whatever CommonJS assigned. Rejects with what it throws. */
export async function importFile(
  file: Pick<MigrationFile, 'up' | 'checksum'>,
  path: string,
): Promise<unknown> {
  const { text } = file.up
  const extension = extname(path).toLowerCase()
  if (extension === '.cjs' || (extension === '.js' && isCommonJs(text)))
    return withNeighbours(dirname(path), async () => runCommonJs(text, path))
  const url = pathToFileURL(path)
  url.searchParams.set('v', file.checksum)
  return importServed(url, { format: extension === '.ts' ? 'module-typescript' : 'module', text })
}

/** Node resolves links before it loads, so neighbours are found where the file really is. */
function realPathOf(file: MigrationFile): string {
  try {
    return realpathSync(file.up.path)
  } catch (error) {
    throw new SlipwayError('file-unreadable', `${file.up.shown} is gone`, {
      migration: file.name,
      cause: error,
    })
  }
}

/** `module.exports = { up }` and `export default { up }` say the same as `export const up`. */
function unwrapDefault(module: unknown): Exports {
  if (!isRecord(module)) return {}
  return module.up === undefined && isRecord(module.default) ? module.default : module
}

function isRecord(value: unknown): value is Exports {
  return (typeof value === 'object' || typeof value === 'function') && value !== null
}

function noUp(file: MigrationFile, exported: Exports): SlipwayError {
  const names = Object.keys(exported)
  const meant = nearest('up', names)
  const found = names.length === 0 ? 'exports nothing' : `exports ${names.join(', ')}`
  const advice = meant === undefined ? '' : `; did you mean ${meant} to be up?`
  const message =
    exported.up === undefined
      ? `${file.up.shown} does not export up: it ${found}${advice}`
      : `${file.up.shown} exports up, but it is no function`
  return new SlipwayError('no-up', message, {
    migration: file.name,
    location: { file: file.up.shown },
    hint: 'export an async function named up',
  })
}
