/** Each section of docs/coming-from.md is followed, on a database as that tool leaves it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { onPostgres, type Place } from '../helpers/adoption-place.ts'
import { cliPath, nodePath, slipway } from '../helpers/cli.ts'
import { type ForeignHistory, foreignHistories } from '../helpers/foreign-histories.ts'
import { createTestDatabase, dumpedMajor } from '../helpers/postgres.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks, readWord } from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/coming-from.md'), 'utf8')
const blocks = readBlocks(page)

test('there are two ways to begin anew', () => {
  assert.deepEqual(
    blocks.flatMap((block) => readWord(block, 'new') ?? []),
    ['knex', 'alembic'],
  )
})

test('there is a section for each tool', () => {
  const tools = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap((block) => readWord(block, 'tool') ?? [])
  assert.deepEqual(tools.sort(), foreignHistories.map(({ tool }) => tool).sort())
})

for (const block of blocks.filter(({ language }) => language === 'sh')) {
  const tool = readWord(block, 'tool')
  if (tool !== undefined) test(tool, () => follow(tool, block.text))
}

/** Where that tool has its files. */
function spread({ files, tool }: ForeignHistory, dir: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => {
      const isRevision = tool === 'alembic' && name.startsWith('old/')
      return [isRevision ? name.replace('old/', 'alembic/versions/') : `${dir}/${name}`, text]
    }),
  )
}

async function follow(tool: string, script: string): Promise<void> {
  const foreign = foreignHistories.find((each) => each.tool === tool)
  assert.ok(foreign !== undefined)
  const dir = /^export SLIPWAY_DIR=(\S+)$/m.exec(script)?.[1] ?? ''
  const workspace = createWorkspace({
    ...spread(foreign, dir),
    'bin/slipway': `#!/bin/sh\nexec '${nodePath}' '${cliPath}' "$@"\n`,
  })
  chmodSync(workspace.path('bin/slipway'), 0o755)
  await using place = onPostgres(workspace, await createTestDatabase(dumpedMajor))
  await place.change(foreign.sql.postgres ?? '')
  const env = {
    SLIPWAY_DATABASE_URL: place.url,
    SLIPWAY_LOG_FORMAT: 'pretty',
    PATH: `${workspace.path('bin')}${delimiter}${process.env.PATH}`,
  }
  const shown = await shell(script, workspace.dir, env)
  const expected = blocks.find((each) => each.language === 'text' && readWord(each, 'tool') === tool)
  if (expected !== undefined) {
    const told = shown.replaceAll(
      /on postgres:\S+ \(PostgreSQL \S+\)/g,
      'on postgres://app@db/app (PostgreSQL 18.4)',
    )
    assert.ok(told.includes(expected.text.trimEnd()), told)
  }
  const rows = await place.rows('select name from schema_migrations order by id')
  assert.deepEqual(rows.map(({ name }) => name).slice(0, foreign.names.length), foreign.names)
  const verify = await slipway(['verify'], { cwd: workspace.dir, env: { ...env, SLIPWAY_DIR: dir } })
  assert.equal(verify.code, 0, verify.stderr)
  const fresh = blocks.find((each) => readWord(each, 'new') === tool)
  if (fresh === undefined) return
  await place.change(
    'create table users (id integer); drop table if exists knex_migrations, knex_migrations_lock',
  )
  await shell(fresh.text, workspace.dir, { ...env, SLIPWAY_DIR: dir, DATABASE_URL: place.url })
  await using other = onPostgres(workspace, await createTestDatabase(dumpedMajor))
  for (const each of [place, other]) await each.expect(0, 'up', { SLIPWAY_DIR: dir })
  const left = async (each: Place) => (await each.tables()).filter((table) => table !== 'alembic_version')
  assert.deepEqual(await left(other), ['schema_migrations', 'schema_migrations_log', 'users'])
  assert.deepEqual(await left(place), await left(other))
}

function shell(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-e', '-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(stdout)
      else reject(new Error(`exit ${code}\n${stdout}${stderr}`))
    })
  })
}
