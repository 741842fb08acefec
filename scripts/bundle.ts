/** src/ and the packages it uses as a few CommonJS files: what every start needs, and the rest on demand. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import {
  laterEntries,
  laterOnes,
  lazyBuiltins,
  ownClock,
  ownRequire,
  texts,
  withoutWorkers,
} from './bundle-plugins.ts'

/** Stay packages of their own: the one is a native addon, the other brings a file of WebAssembly. */
const external = ['better-sqlite3', 'libpg-query']

const entries = ['cli', 'index', 'code-cache', 'precompile']

export interface Bundle {
  /** Absolute paths of the files that went in. */
  readonly modules: readonly string[]
}

export async function writeBundle(root: string, dir: string): Promise<Bundle> {
  const build = await rolldown({
    cwd: root,
    input: {
      ...Object.fromEntries(entries.map((name) => [name, join(root, `src/${name}.ts`)])),
      ...laterEntries,
    },
    platform: 'node',
    // `using` is not in Node 22.
    transform: { target: 'node22' },
    // Else a file of its own would stand before each entry.
    preserveEntrySignatures: 'allow-extension',
    external,
    plugins: [ownRequire, ownClock, lazyBuiltins, withoutWorkers, laterOnes, texts],
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
          test: /\/src\/(cli|commands\/up|reporters\/reporter|dialects\/(index|postgres\/index))\.ts$/,
          priority: 1,
        },
        // One file instead of a dozen: what only a start without a manifest needs, and what all log lines have in common.
        { name: 'folder', test: /\/src\/engine\/discover\.ts$/, priority: 0.6 },
        {
          name: 'lines',
          test: /\/src\/reporters\/(describe-event|event-fields|run-memory)\.ts$/,
          priority: 0.5,
        },
        { name: 'sqlite', test: /\/src\/dialects\/sqlite\/(index|session)\.ts$/ },
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
    modules: [...new Set(chunks.flatMap((chunk) => chunk.moduleIds))].sort(),
  }
}

function hashFiles(files: readonly { readonly fileName: string; readonly code: string }[]): string {
  const hash = createHash('sha256')
  for (const { fileName, code } of files) hash.update(`${fileName}\0${code}\0`)
  return hash.digest('hex').slice(0, 16)
}

/**
 * One letter beyond Latin-1 makes V8 hold the whole file in two bytes a letter, and take twice as long to read it. In
 * what is bundled such letters stand in strings, templates and regular expressions only.
 */
function toAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
