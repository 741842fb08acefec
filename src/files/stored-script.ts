/**
 * A script from the text that history holds, without a file: a container may have no folder that can be written. Nothing
 * may be imported from it, because nothing that it could mean is known to be what it was.
 */
import { type LoadHookSync, registerHooks, type ResolveHookSync, stripTypeScriptTypes } from 'node:module'
import { compileFunction, constants } from 'node:vm'
import { SlipwayError } from '../errors.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { commonJsParameters, isCommonJs } from './common-js.ts'
import type { LoadedMigration } from './loaded.ts'
import { importExports, readExports } from './script.ts'

let count = 0

/** Throws not-self-contained, script-syntax, script-load, no-up, bad-options. */
export async function loadStoredScript(file: MigrationFile): Promise<LoadedMigration> {
  // Once loaded, a module stays; each load is one of its own.
  const url = `slipway-history:///${encodeURIComponent(file.name)}?${++count}`
  const around = <T>(work: () => Promise<T>) => withoutImports(file, url, work)
  const exported = await importExports(file, file.up.path, () => around(() => evaluate(file, url)))
  return readExports(file, exported, around)
}

async function evaluate(file: MigrationFile, url: string): Promise<unknown> {
  const { text } = file.up
  if (!isCommonJs(text)) return import(url)
  const module: { exports: unknown } = { exports: {} }
  const run = compileFunction(text, commonJsParameters, {
    filename: url,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const require = (name: unknown) => {
    throw imports(file, String(name))
  }
  run.call(module.exports, module.exports, require, module, file.name, '')
  return module.exports
}

/** While `work` goes on, whatever this module wants to import is refused, `node:` modules too. */
async function withoutImports<T>(file: MigrationFile, url: string, work: () => Promise<T>): Promise<T> {
  const resolve: ResolveHookSync = (specifier, context, nextResolve) => {
    if (specifier === url) return { url, format: 'module', shortCircuit: true }
    if (context.parentURL === url) throw imports(file, specifier)
    return nextResolve(specifier, context)
  }
  const load: LoadHookSync = (wanted, context, nextLoad) =>
    wanted === url
      ? { format: 'module', source: stripTypeScriptTypes(file.up.text), shortCircuit: true }
      : nextLoad(wanted, context)
  const hook = registerHooks({ resolve, load })
  try {
    return await work()
  } finally {
    hook.deregister()
  }
}

function imports({ name }: MigrationFile, what: string): SlipwayError {
  return new SlipwayError(
    'not-self-contained',
    `${name} imports ${what}, which history does not hold: its stored text alone cannot be run`,
    { migration: name },
  )
}
