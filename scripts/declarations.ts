/** The types that the package ships: those of its public face, and what these are made of. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export function writeDeclarations(root: string, dist: string): void {
  const all = mkdtempSync(join(tmpdir(), 'slipway-types-'))
  try {
    const tsc = join(root, 'node_modules/.bin/tsc')
    execFileSync(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', all], { stdio: 'inherit' })
    copyReachable('index.d.ts', all, dist)
  } finally {
    rmSync(all, { recursive: true, force: true })
  }
}

/** `import … from './x.ts'`, which only newer compilers follow to x.d.ts; every one follows './x.js'. */
const relativeImport = /(\bfrom\s+|\bimport\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g

function copyReachable(start: string, from: string, to: string): void {
  const reached = new Set([start])
  for (const file of reached) {
    const text = readFileSync(join(from, file), 'utf8')
    for (const [, , , path] of text.matchAll(relativeImport)) reached.add(join(dirname(file), `${path}.d.ts`))
    mkdirSync(dirname(join(to, file)), { recursive: true })
    writeFileSync(join(to, file), text.replace(relativeImport, '$1$2$3.js$2'))
  }
}
