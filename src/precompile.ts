/**
 * `node dist/precompile.cjs`, where an image is built: makes the code cache for this Node, beside the bundle. Start it
 * as a user who may write there; nobody else can, so nobody else decides what is run.
 */
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { cacheFolder, compile, renderCache } from './code-cache.ts'

/** Never loaded where there is an image. */
const needless = new Set(['execa.cjs', 'precompile.cjs', 'code-cache.cjs', 'index.cjs'])

/** Returns how many files it wrote. */
export function precompile(dir: string): number {
  const names = readdirSync(dir).filter((name) => name.endsWith('.cjs') && !needless.has(name))
  mkdirSync(join(dir, cacheFolder), { recursive: true })
  for (const name of names) {
    // Every function now, not when it is first called; the flag must be back before the data is made, which notes it.
    setFlagsFromString('--no-lazy')
    const script = compile(dir, name, undefined)
    setFlagsFromString('--lazy')
    const path = join(dir, cacheFolder, `${name}.bin`)
    // Whole or not at all: half of one would be run.
    writeFileSync(`${path}.new`, renderCache(name, script.createCachedData()))
    renameSync(`${path}.new`, path)
  }
  return names.length
}
