/** docs/offline-sql.md is followed: its files, its commands, what it says they print. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type SlipwayResult, slipway } from '../helpers/cli.ts'
import { createTestDatabase, dumpedMajor } from '../helpers/postgres.ts'
import { runWithPsql } from '../helpers/script.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks, readWord } from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/offline-sql.md'), 'utf8')

test('the commands of docs/offline-sql.md', async () => {
  // pg_dump refuses a server that is newer than itself, and this machine's is of one version.
  await using db = await createTestDatabase(dumpedMajor)
  const blocks = readBlocks(page)
  using workspace = createWorkspace()
  const setup = blocks.find(({ words }) => words.includes('setup'))
  assert.match(setup?.text ?? '', /^export SLIPWAY_SCRATCH_URL=postgres:/)
  const env = { SLIPWAY_DATABASE_URL: db.url(), SLIPWAY_SCRATCH_URL: db.server.url() }
  let ran = 0
  let last: SlipwayResult | undefined
  for (const block of blocks) {
    const file = readWord(block, 'file')
    if (file !== undefined) workspace.write({ [`migrations/${file}`]: block.text })
    const part = readWord(block, 'part')
    if (part !== undefined)
      assert.ok(workspace.read(part).includes(block.text), `${part} has no ${block.text}`)
    if (block.words.includes('output')) assert.equal(last?.stdout, block.text)
    if (!block.words.includes('run')) continue
    for (const line of block.text.trimEnd().split('\n')) {
      const [, args = '', into] = /^slipway (.*?)(?: > (\S+))?$/.exec(line) ?? []
      const [, script] = /^psql .* -f (\S+) app$/.exec(line) ?? []
      if (script !== undefined) {
        runWithPsql(db, workspace.read(script))
        if (script === 'down.sql') assert.deepEqual(await db.query('select name from schema_migrations'), [])
      } else {
        last = await slipway(args.split(' '), { cwd: workspace.dir, env })
        assert.equal(last.code, 0, `${line}: ${last.stderr}`)
        if (into !== undefined) workspace.write({ [into]: last.stdout })
        if (args === 'up' && ran === 2) assert.match(last.stderr, /up to date/)
      }
      ran += 1
    }
  }
  assert.equal(ran, 8)
})
