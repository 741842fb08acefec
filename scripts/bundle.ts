/** src/ and the packages it uses as a few CommonJS files: what every start needs, and the rest on demand. */
import { join } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'

/** Stay packages of their own: the one is a native addon, the other brings a file of WebAssembly. */
const external = ['better-sqlite3', 'libpg-query']

export interface Bundle {
  /** Names that src/index.ts exports as values. */
  readonly libraryExports: readonly string[]
  /** Absolute paths of the files that went in. */
  readonly modules: readonly string[]
}

export async function writeBundle(root: string, dir: string): Promise<Bundle> {
  const build = await rolldown({
    cwd: root,
    input: { cli: join(root, 'src/cli.ts'), index: join(root, 'src/index.ts') },
    platform: 'node',
    external,
    plugins: [ownRequire],
  })
  const { output } = await build.write({
    dir,
    format: 'cjs',
    // Comments are most of the text; names and lines stay, so that a stack trace can be read without a map.
    comments: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
  })
  await build.close()
  const chunks = output.filter((part) => part.type === 'chunk')
  return {
    libraryExports: chunks.find((chunk) => chunk.name === 'index')?.exports ?? [],
    modules: [...new Set(chunks.flatMap((chunk) => chunk.moduleIds))].sort(),
  }
}

/** In CommonJS there is a `require`, and what it names is bundled; one made by `createRequire` would look outside. */
const ownRequire: Plugin = {
  name: 'own-require',
  transform: {
    filter: { id: /\/src\/.*\.ts$/, code: 'createRequire(import.meta.url)' },
    handler: (code) => code.replace(/^const require = createRequire\(import\.meta\.url\)$/m, ''),
  },
}
