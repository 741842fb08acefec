/** docs/roles.md is followed on a server of its own: roles belong to the whole server. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { slipway } from '../helpers/cli.ts'
import { newestMajor, startPostgres } from '../helpers/postgres.ts'
import { createWorkspace, writeMigrations } from '../helpers/workspace.ts'
import { readBlocks } from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/roles.md'), 'utf8')

test('the set-up of docs/roles.md', async () => {
  await using server = await startPostgres({ major: newestMajor })
  const [setUp, shell] = readBlocks(page)
  for (const statement of (setUp?.text ?? '').split(';\n'))
    if (statement.trim() !== '') await server.query('postgres', statement)
  const env = Object.fromEntries(
    [...(shell?.text ?? '').matchAll(/^export (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
  const url = (user: string) => server.url('shop', { user, password: 'change-me' })
  assert.equal(env.SLIPWAY_DATABASE_URL, 'postgres://shop_migrator:change-me@localhost/shop')
  using workspace = createWorkspace()
  const dir = writeMigrations(workspace, { '0001_a.sql': 'create table a (n int);' })
  const up = await slipway(['up'], {
    env: { ...env, SLIPWAY_DATABASE_URL: url('shop_migrator'), SLIPWAY_DIR: dir },
  })
  assert.equal(up.code, 0, up.stderr)
  const owners = await server.query(
    'shop',
    "select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = 'public'::regnamespace",
  )
  assert.deepEqual(owners, [{ owner: 'shop_owner' }])
  const wait = await slipway(['wait', '--timeout', '1s'], {
    env: { ...env, SLIPWAY_DATABASE_URL: url('shop_app'), SLIPWAY_DIR: dir },
  })
  assert.equal(wait.code, 0, wait.stderr)
})
