/** Scripts load by what they are, whatever a package.json nearby says, and Node's warnings about it stay out of the log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const helper = {
  '_helpers.ts':
    "import type { Migration } from 'slipway'\nexport const note: string = 'helped' satisfies string\nexport type Unused = Migration\n",
  '_late.ts': "export const note: string = 'late'\n",
}
const insert = 'await sql`insert into seen values (${note})`'

/** By file name: every way to write a script that Node knows. */
const scripts: Readonly<Record<string, string>> = {
  '0001_typescript.ts': `import type { Migration } from 'slipway'
import { note } from './_helpers.ts'
export const up: Migration = async ({ sql }) => { ${insert} }
`,
  '0002_esm.js': `import { note } from './_helpers.ts'
export const up = async ({ sql }) => { ${insert} }
`,
  '0003_commonjs.js': `const { note } = require('./_helpers.ts')
exports.up = async ({ sql }) => { ${insert} }
`,
  '0004_module.mjs': `import { note } from './_helpers.ts'
export default { up: async ({ sql }) => { ${insert} } }
`,
  '0005_common.cjs': `const { note } = require('./_helpers.ts')
module.exports = { up: async ({ sql }) => { ${insert} } }
`,
  '0006_late_import.cjs': `exports.up = async ({ sql }) => { const { note } = await import('./_late.ts'); ${insert} }
`,
}

const places: Readonly<Record<string, { dir: string; packageJson?: string }>> = {
  'no package.json': { dir: 'migrations' },
  'type commonjs': { dir: 'migrations', packageJson: '{ "type": "commonjs" }' },
  'type module': { dir: 'migrations', packageJson: '{ "type": "module" }' },
  'a package.json without type': { dir: 'migrations', packageJson: '{}' },
  'inside node_modules': {
    dir: 'node_modules/product/migrations',
    packageJson: '{ "name": "x", "type": "commonjs" }',
  },
  'a folder with blanks, # and %': { dir: 'my migrations #1 100%', packageJson: '{ "type": "commonjs" }' },
}

for (const [name, { dir, packageJson }] of Object.entries(places))
  test(name, async () => {
    const files = { '0000_seen.sql': 'create table seen (note text);', ...helper, ...scripts }
    using workspace = createWorkspace(
      Object.fromEntries(Object.entries(files).map(([file, text]) => [`${dir}/${file}`, text])),
    )
    if (packageJson !== undefined)
      workspace.write({ 'package.json': packageJson, [`${dir}/../package.json`]: packageJson })
    await using db = await createTestDatabase(newestMajor)
    const result = await slipway(['up', '--dir', dir], {
      cwd: workspace.dir,
      env: { SLIPWAY_DATABASE_URL: db.url() },
    })
    assert.equal(result.code, 0, result.stderr)
    for (const line of result.stderr.trimEnd().split('\n')) assert.match(line, /^\{.*\}$/)
    assert.doesNotMatch(result.stderr, /ExperimentalWarning/)
    const seen = await db.query('select * from seen')
    assert.equal(seen.length, Object.keys(scripts).length)
  })

test("a warning of a migration's making is told as one", async () => {
  using workspace = createWorkspace({
    'migrations/0001_a.ts': "export const up = async () => { process.emitWarning('mind the gap') }\n",
  })
  await using db = await createTestDatabase(newestMajor)
  const { code, stderr } = await slipway(['up'], {
    cwd: workspace.dir,
    env: { SLIPWAY_DATABASE_URL: db.url() },
  })
  assert.equal(code, 0, stderr)
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const [warning] = lines.filter(({ level }) => level === 'warn')
  assert.deepEqual([warning?.code, warning?.message], ['node', 'Node: Warning: mind the gap'])
})
