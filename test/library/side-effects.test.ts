/** The package as a program imports it: it changes nothing of the process, neither by its import nor by its work. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodePath } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'

const library = join(import.meta.dirname, '../../dist/index.js')

/** Prints what of the process changed: by the import, and by the rest of the script. */
const script = (work: string) => `
const look = () => ({
  listeners: Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)])),
  globals: Object.getOwnPropertyNames(globalThis).sort(),
  env: Object.keys(process.env).sort(),
  title: process.title,
  exitCode: process.exitCode,
  cwd: process.cwd(),
  handles: process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|FSReqPromise|Immediate|CloseReq)$/.test(name)).sort(),
  umask: process.umask(),
  warnings: process.noDeprecation,
  prepare: Error.prepareStackTrace === undefined,
})
const before = look()
const { createMigrator } = await import(${JSON.stringify(library)})
const imported = look()
${work}
await new Promise((resolve) => setTimeout(resolve, 50))
console.log(JSON.stringify({ before, imported, after: look() }))
`

const ways = {
  'the import alone': '',
  'a migration, one that fails and one that is stopped': `
const options = { databaseUrl: process.env.URL, dir: './migrations' }
{
  const migrator = await createMigrator(options)
  await migrator.up({ steps: 1 })
  await migrator.up().then(() => { throw new Error('it must fail') }, () => {})
  await migrator.status()
  await migrator.close()
}
{
  const migrator = await createMigrator({ ...options, hooks: { beforeAll: () => new Promise(() => {}) }, signal: AbortSignal.timeout(200) })
  await migrator.up().catch(() => {})
}
{
  const migrator = await createMigrator({ ...options, env: process.env, hooks: { beforeAll: 'true' } })
  await migrator.up().catch(() => {})
}
`,
}

interface Look {
  readonly [fact: string]: unknown
}

for (const [name, work] of Object.entries(ways))
  for (const dialect of ['SQLite', 'PostgreSQL'] as const)
    test(`${name}, ${dialect}`, async () => {
      await using db = await createTestDatabase(newestMajor)
      using workspace = createWorkspace({
        'migrations/0001_a.sql': 'create table a (id integer);\n',
        'migrations/0002_bad.ts':
          'export const up = async ({ sql }) => { await sql`insert into nowhere values (1)` }\n',
        'run.mjs': script(work),
      })
      const output = execFileSync(nodePath, ['run.mjs'], {
        cwd: workspace.dir,
        env: { PATH: process.env.PATH, URL: dialect === 'SQLite' ? 'sqlite:app.db' : db.url() },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
      })
      // The only line there is: the library prints nothing.
      const looks = JSON.parse(output) as { before: Look; imported: Look; after: Look }
      assert.deepEqual(looks.imported, looks.before)
      assert.deepEqual(looks.after, looks.before)
    })
