/**
 * What V8 made of the bundle, kept beside it: a start then need not parse and compile. It is made where the image is
 * built (see precompile.ts) and is trusted as the bundle is, since whoever can write the one can write the other.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { constants, Script } from 'node:vm'

export const cacheFolder = 'compiled'

/** Of the bundle, hashed: V8 itself compares no more of a source than its length. Put in by scripts/bundle.ts. */
const build = 'BUILD_ID'

interface Module {
  exports: unknown
}

type CommandLine = Pick<typeof import('./cli.ts'), 'run'>

/** Runs `cli.cjs` of the bundle in `dir`, from the cache where there is one. */
export function start(dir: string): void {
  const outer = createRequire(join(dir, 'cli.cjs'))
  const cached = readCache(dir, 'cli.cjs')
  if (cached === undefined) {
    ;(outer('./cli.cjs') as CommandLine).run()
    return
  }
  const modules = new Map<string, Module>()
  const load = (name: string, data: Buffer | undefined): unknown => {
    const module: Module = { exports: {} }
    modules.set(name, module)
    const file = join(dir, name)
    const run = compile(dir, name, data).runInThisContext()
    run.call(module.exports, module.exports, inner, module, file, dir)
    return module.exports
  }
  const inner = (id: string): unknown => {
    if (!id.startsWith('./')) return outer(id)
    const name = id.slice(2)
    return modules.has(name) ? modules.get(name)?.exports : load(name, readCache(dir, name))
  }
  ;(load('cli.cjs', cached) as CommandLine).run()
}

/** The script that a file of the bundle is; `data` that V8 rejects has no effect. */
export function compile(dir: string, name: string, cachedData: Buffer | undefined): Script {
  // The bundle is ASCII.
  const text = readFileSync(join(dir, name), 'latin1')
  return new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
    filename: join(dir, name),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  })
}

/** Its first line says what it was made from, by what, and how long the rest is: V8 itself checks the least of it. */
export function renderCache(name: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(headOf(name, data.length)), data])
}

function readCache(dir: string, name: string): Buffer | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(dir, cacheFolder, `${name}.bin`))
  } catch {
    return undefined
  }
  const end = bytes.indexOf('\n') + 1
  const data = bytes.subarray(end)
  return bytes.toString('latin1', 0, end) === headOf(name, data.length) ? data : undefined
}

function headOf(name: string, length: number): string {
  return `slipway ${name} ${build} ${process.version} ${process.arch} ${length}\n`
}
