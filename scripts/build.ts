/**
 * dist/ from src/: what the npm package ships and what the tests run. `node scripts/build.ts [FOLDER]` writes it
 * elsewhere. The same sources give the same bytes.
 */
import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { writeBundle } from './bundle.ts'
import { writeDeclarations } from './declarations.ts'
import { renderLicences } from './licences.ts'
import { readApi } from './read-api.ts'

const root = join(import.meta.dirname, '..')
const dist = resolve(process.argv[2] ?? join(root, 'dist'))
rmSync(dist, { recursive: true, force: true })

const { modules } = await writeBundle(root, join(dist, 'bundle'))
writeDeclarations(root, dist)
for (const name of ['slipway.cjs', 'precompile.cjs']) {
  copyFileSync(join(root, 'src', name), join(dist, name))
  chmodSync(join(dist, name), 0o755)
}
writeFileSync(join(dist, 'index.js'), renderLibrary(root))
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES'), renderLicences(root, modules))

/** A module in front of CommonJS, so that the library and the command line share their code. */
function renderLibrary(root: string): string {
  // The bundle's own file has more: what its other files take from it.
  const values = readApi(root).filter(({ kind }) => kind === 'function' || kind === 'class')
  return `export { ${values.map(({ name }) => name).join(', ')} } from './bundle/index.cjs'\n`
}
