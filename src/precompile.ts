/**
 * `node dist/precompile.cjs`, where an image is built: makes the code cache for this Node, beside the bundle. Start it
 * as a user who may write there; nobody else can, so nobody else decides what is run.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { cacheFolder, compile, renderCache } from './code-cache.ts'

/**
 * Where the way from `cli.cjs` ends: verbs that somebody types, for whom some milliseconds are nothing, and what is not
 * loaded before a process has begun its work. What only these need is left out too: an image is pulled more often.
 */
export const leftOut: readonly string[] = [
  ...['adopt', 'doctor', 'dump', 'new', 'pretty', 'rehearse', 'roundtrip', 'sql', 'templates'],
  ...['execa', 'metrics'],
]

/** Returns how many files it wrote. */
export function precompile(dir: string): number {
  const names = findNeeded(dir)
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

function findNeeded(dir: string): string[] {
  const seen = new Set(leftOut.map((name) => `${name}.cjs`))
  const needed: string[] = []
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    needed.push(name)
    const text = readFileSync(join(dir, name), 'latin1')
    for (const [, next = ''] of text.matchAll(/\brequire\(["']\.\/([\w.-]+\.cjs)["']\)/g)) visit(next)
  }
  visit('cli.cjs')
  return needed.sort()
}
