import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import { checkArchitecture } from './helpers/architecture.ts'

const src = join(import.meta.dirname, '../src')

test('src keeps the layers, the size of files, and one file per package', () => {
  const files = globSync('**/*.ts', { cwd: src }).map((file) => file.split(sep).join('/'))
  assert.ok(files.includes('cli.ts') && files.includes('plan/migration.ts'), 'the sources are found')
  const sources = new Map(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]))
  const broken = checkArchitecture(sources)
  assert.deepEqual(broken, [], broken.join('\n'))
})

const cases: readonly { name: string; sources: Record<string, string>; finds: readonly RegExp[] }[] = [
  {
    name: 'downward imports are fine',
    sources: {
      'cli.ts': `import { up } from './commands/up.ts'\nconsole.log(1)`,
      'commands/up.ts': `import { run } from '../engine/run.ts'\nimport type { X } from '../errors.ts'`,
      'engine/run.ts': `import { readFile } from 'node:fs'\nimport { plan } from '../plan/plan.ts'`,
      'dialects/index.ts': `import { a } from './postgres/a.ts'\nimport { b } from './sqlite/b.ts'`,
      'dialects/postgres/a.ts': `import postgres from 'postgres'\nimport { url } from '../../config/url.ts'`,
    },
    finds: [],
  },
  {
    name: 'an upward import, also of types, by export, dynamically, over several lines',
    sources: {
      'plan/a.ts': `// comment\nimport type { Engine } from '../engine/run.ts'`,
      'sql/b.ts': `export * from '../files/discover.ts'`,
      'engine/c.ts': `const x = await import('../commands/up.ts')`,
      'errors.ts': `import {\n  one,\n  two,\n} from './plan/a.ts'`,
    },
    finds: [
      /^src\/plan\/a\.ts:2 imports \.\.\/engine\/run\.ts: upward, from layer 1 to layer 3$/,
      /^src\/sql\/b\.ts:1 .*upward/,
      /^src\/engine\/c\.ts:1 .*upward/,
      /^src\/errors\.ts:1 .*upward/,
    ],
  },
  {
    name: 'what a comment says is no import',
    sources: {
      'plan/a.ts': `/*\nimport { x } from '../engine/run.ts'\n*/\n// import '../cli.ts'\nconst a = 'https://x'`,
    },
    finds: [],
  },
  {
    name: 'sideways imports, the allowed ones aside',
    sources: {
      'plan/a.ts': `import { split } from '../sql/split.ts'`,
      'sql/b.ts': `import { plan } from '../plan/plan.ts'`,
      'dialects/postgres/a.ts': `import type { Config } from '../../config/config.ts'`,
      'dialects/postgres/b.ts': `import { type Config, load } from '../../config/load.ts'`,
      'dialects/postgres/c.ts': `import { type Config, type More } from '../../config/load.ts'`,
      'files/a.ts': `import type { Dialect } from '../dialects/dialect.ts'`,
      'files/b.ts': `import { connect } from '../dialects/index.ts'`,
      'config/a.ts': `import { x } from '../files/discover.ts'`,
      'reporters/a.ts': `import { x } from '../server/http.ts'`,
    },
    finds: [
      /^src\/sql\/b\.ts:1 .*sideways, from sql to plan/,
      /^src\/dialects\/postgres\/b\.ts:1 .*sideways/,
      /^src\/files\/b\.ts:1 .*sideways/,
      /^src\/config\/a\.ts:1 .*sideways/,
      /^src\/reporters\/a\.ts:1 .*sideways/,
    ],
  },
  {
    name: 'commands and dialects do not import each other',
    sources: {
      'commands/up.ts': `import { status } from './status.ts'`,
      'dialects/postgres/session.ts': `import { x } from '../sqlite/session.ts'\nimport { y } from './lock.ts'`,
      'dialects/sqlite/session.ts': `import type { Session } from '../dialect.ts'`,
    },
    finds: [
      /^src\/commands\/up\.ts:1 .*a command imports another/,
      /^src\/dialects\/postgres\/session\.ts:1 .*a dialect imports another/,
    ],
  },
  {
    name: 'one package, one file',
    sources: {
      'engine/a.ts': `import pino from 'pino'\nimport { x } from '@scope/name/deep'`,
      'reporters/b.ts': `import type { Logger } from 'pino'\nimport 'node:fs'`,
      'reporters/c.ts': `import { y } from '@scope/other'`,
    },
    finds: [
      /^package pino is imported by more than one file: src\/engine\/a\.ts:1, src\/reporters\/b\.ts:1$/,
    ],
  },
  {
    name: 'console, long files, and rooms that nobody planned',
    sources: {
      'engine/a.ts': `\n  console.error('x')\n`,
      'engine/b.ts': 'x\n'.repeat(251),
      'engine/c.ts': 'x\n'.repeat(250),
      'utils/d.ts': `import { x } from '../errors.ts'`,
    },
    finds: [
      /^src\/utils\/d\.ts:1 .*src\/utils is in no layer/,
      /^src\/engine\/a\.ts:2 uses console$/,
      /^src\/engine\/b\.ts:251 is longer than 250 lines$/,
    ],
  },
]

for (const { name, sources, finds } of cases)
  test(`the checker: ${name}`, () => {
    const broken = checkArchitecture(new Map(Object.entries(sources)))
    assert.equal(broken.length, finds.length, broken.join('\n'))
    for (const [index, pattern] of finds.entries()) assert.match(broken[index] ?? '', pattern)
  })
