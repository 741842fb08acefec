/** src/ and the packages it uses as a few CommonJS files: what every start needs, and the rest on demand. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'

/** Stay packages of their own: the one is a native addon, the other brings a file of WebAssembly. */
const external = ['better-sqlite3', 'libpg-query']

const entries = ['cli', 'index', 'code-cache', 'precompile']

export interface Bundle {
  /** Names that src/index.ts exports as values. */
  readonly libraryExports: readonly string[]
  /** Absolute paths of the files that went in. */
  readonly modules: readonly string[]
}

export async function writeBundle(root: string, dir: string): Promise<Bundle> {
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((name) => [name, join(root, `src/${name}.ts`)])),
    platform: 'node',
    external,
    plugins: [ownRequire, lazyBuiltins, withoutWorkers],
  })
  const { output } = await build.generate({
    format: 'cjs',
    // Comments are most of the text; names and lines stay, so that a stack trace can be read without a map.
    comments: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    codeSplitting: {
      groups: [
        // src/terminal/signals.ts knows the driver by this name in a stack trace.
        { name: 'postgres-driver', test: /node_modules\/postgres\//, priority: 2 },
        {
          name: 'start',
          test: /\/src\/(cli|commands\/up|reporters\/(reporter|json)|dialects\/(index|postgres\/index))\.ts$/,
          priority: 1,
        },
      ],
    },
  })
  await build.close()
  const chunks = output.filter((part) => part.type === 'chunk')
  mkdirSync(dir, { recursive: true })
  const files = chunks.map(({ fileName, code }) => ({ fileName, code: toAscii(code) }))
  const id = hashFiles(files)
  for (const { fileName, code } of files) writeFileSync(join(dir, fileName), code.replace('BUILD_ID', id))
  return {
    libraryExports: chunks.find((chunk) => chunk.name === 'index')?.exports ?? [],
    modules: [...new Set(chunks.flatMap((chunk) => chunk.moduleIds))].sort(),
  }
}

function hashFiles(files: readonly { readonly fileName: string; readonly code: string }[]): string {
  const hash = createHash('sha256')
  for (const { fileName, code } of files) hash.update(`${fileName}\0${code}\0`)
  return hash.digest('hex').slice(0, 16)
}

/** In CommonJS there is a `require`, and what it names is bundled; one made by `createRequire` would look outside. */
const ownRequire: Plugin = {
  name: 'own-require',
  transform: {
    filter: { id: /\/src\/.*\.ts$/, code: 'createRequire(import.meta.url)' },
    handler: (code) => code.replace(/^const require = createRequire\(import\.meta\.url\)$/m, ''),
  },
}

/**
 * Packages load these at their top and use them in few of their functions, or never here: the PostgreSQL driver is
 * handed a socket on which TLS is agreed already. node:tls takes 10 ms.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  resolveId: {
    filter: { id: /^(?:node:)?(?:tls|perf_hooks|assert)$/ },
    handler: (id, importer) =>
      importer?.includes('node_modules') === true ? `\0lazy:${id.replace('node:', '')}` : null,
  },
  load: {
    filter: { id: /^\0lazy:/ },
    handler(id) {
      const name = id.slice('\0lazy:'.length)
      return `module.exports = new Proxy(function () {}, {
  get: (_, key) => Reflect.get(process.getBuiltinModule('node:${name}'), key),
  apply: (_, self, args) => Reflect.apply(process.getBuiltinModule('node:${name}'), self, args),
})`
    },
  },
}

/** pino's log writers in worker threads: slipway writes its lines itself, and a bundle has no file for a worker. */
const withoutWorkers: Plugin = {
  name: 'without-workers',
  resolveId: {
    filter: { id: /^(?:worker_threads|\.\/(?:lib\/)?transport)$/ },
    handler: (id, importer) =>
      importer?.includes('/node_modules/pino/') === true ? `\0no-workers:${id.split('/').at(-1)}` : null,
  },
  load: {
    filter: { id: /^\0no-workers:/ },
    handler: (id) =>
      id.endsWith('worker_threads')
        ? 'exports.isMainThread = true'
        : `module.exports = () => { throw new Error('pino transports are not part of slipway') }`,
  },
}

/**
 * One letter beyond Latin-1 makes V8 hold the whole file in two bytes a letter, and take twice as long to read it. In
 * what is bundled such letters stand in strings, templates and regular expressions only.
 */
function toAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
