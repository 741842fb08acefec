/** Importing a migration from the text that was hashed, whatever a package.json nearby says of its extension. */
import { readFileSync } from 'node:fs'
import { type LoadHookSync, registerHooks, stripTypeScriptTypes } from 'node:module'
import { dirname, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isCommonJs } from './common-js.ts'

export interface ServedModule {
  readonly format: 'module' | 'module-typescript'
  readonly text: string
}

/** URL with its query → what to serve for it. The hook is in place only while something is served. */
const served = new Map<string, ServedModule>()
/** Folders whose scripts are neighbours of something served, and how often each is in use. */
const folders = new Map<string, number>()
let hook: { deregister(): void } | undefined

/**
 * Imports `url` with `module` served from memory and its neighbours in the same folder (at any depth) from disk,
 * their `.ts` with types stripped and their `.js` as their syntax says. Rejects with whatever the import throws.
 * Nothing stays behind but the module itself in Node's cache. Several may be on their way at once.
 */
export async function importServed(url: URL, module: ServedModule): Promise<Record<string, unknown>> {
  return withNeighbours(dirname(fileURLToPath(url)), async () => {
    served.set(url.href, module)
    try {
      return await import(url.href)
    } finally {
      served.delete(url.href)
    }
  })
}

/** Runs `work` while scripts below `folder` load by these rules rather than by package.json. */
export async function withNeighbours<T>(folder: string, work: () => Promise<T>): Promise<T> {
  folders.set(folder, (folders.get(folder) ?? 0) + 1)
  hook ??= registerHooks({ load })
  try {
    return await work()
  } finally {
    const users = (folders.get(folder) ?? 1) - 1
    if (users > 0) folders.set(folder, users)
    else folders.delete(folder)
    if (folders.size === 0) {
      hook?.deregister()
      hook = undefined
    }
  }
}

const load: LoadHookSync = (url, context, nextLoad) => {
  const own = served.get(url) ?? neighbour(url)
  if (own === 'commonjs') return nextLoad(url, { ...context, format: 'commonjs' })
  if (own === undefined) return nextLoad(url, context)
  return { ...sourceOf(own, url), shortCircuit: true }
}

/** Node strips no types below node_modules, where a package may ship its migrations: https://nodejs.org/api/typescript.html */
function sourceOf({ format, text }: ServedModule, url: string): { format: string; source: string } {
  if (format === 'module' || !isInPackage(fileURLToPath(url))) return { format, source: text }
  return { format: 'module', source: stripTypeScriptTypes(text) }
}

function isInPackage(path: string): boolean {
  return path.includes(`${sep}node_modules${sep}`)
}

/** undefined: Node's own rules. */
function neighbour(url: string): ServedModule | 'commonjs' | undefined {
  if (!/^file:.*\.[tj]s(?:[?#].*)?$/.test(url)) return undefined
  const path = fileURLToPath(url)
  const folder = [...folders.keys()].find((near) => path.startsWith(near + sep))
  if (folder === undefined || isInPackage(path.slice(folder.length))) return undefined
  const text = readFileSync(path, 'utf8')
  if (path.endsWith('.ts')) return { format: 'module-typescript', text }
  return isCommonJs(text) ? 'commonjs' : { format: 'module', text }
}
