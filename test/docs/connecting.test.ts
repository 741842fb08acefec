/** docs/connecting.md says what the code does: its tables are compared with it, its examples are read by it. */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { libpqParameters, namingVariables, unusedLibpqParameters } from '../../src/config/libpq-parameters.ts'
import { parseDatabaseUrl } from '../../src/config/parse-url.ts'
import { createSurroundings } from '../../src/config/surroundings.ts'
import { parsePostgres } from '../helpers/connect.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { readBlocks, readCode, readTable } from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/connecting.md'), 'utf8')
const blocks = (word: string) => readBlocks(page).filter(({ words }) => words.includes(word))

test('every parameter with its variable', () => {
  const rows = readTable(page, ['Parameter', 'Variable', 'Effect'])
  assert.deepEqual(
    rows.map(([parameter = '', variable = '']) => [readCode(parameter)[0], readCode(variable)[0]]),
    Object.entries(libpqParameters),
  )
})

test('parameters without effect', () => {
  const [, listed = ''] = /other parameters, these are named([\s\S]*?)`PGCLIENTENCODING`/.exec(page) ?? []
  assert.deepEqual(readCode(listed), unusedLibpqParameters)
})

test('the variables that name a database', () => {
  const [, listed = ''] = /if one of ([\s\S]*?) is set/.exec(page) ?? []
  assert.deepEqual(readCode(listed), namingVariables)
})

test('which server of several, and each mode', () => {
  for (const [cell = ''] of readTable(page, ['`target_session_attrs`', 'A session is taken if'])) {
    const [target] = readCode(cell)
    assert.equal(parsePostgres(`postgres://a@b/c?target_session_attrs=${target}`).target, target)
  }
  for (const [cell = ''] of readTable(page, ['`sslmode`', 'Encrypted', 'Server checked'])) {
    const [mode] = readCode(cell)
    assert.equal(parsePostgres(`postgres://a@b/c?sslmode=${mode}`).tls.mode, mode)
  }
})

test('the URLs, the service and the password file lead to the same place', () => {
  using workspace = createWorkspace()
  const [service] = blocks('service')
  const [passfile] = blocks('passfile')
  workspace.write({ '.pg_service.conf': service?.text ?? '', '.pgpass': passfile?.text ?? '' })
  chmodSync(workspace.path('.pgpass'), 0o600)
  const variables = { HOME: workspace.dir }
  const surroundings = createSurroundings({
    layers: [{ dotenv: undefined, variables }],
    cwd: workspace.dir,
  })
  const read = (text: string) => {
    const context = { name: 'the URL', cwd: workspace.dir, osUser: () => 'sailor', surroundings }
    const { url, warnings } = parseDatabaseUrl(text, context)
    assert.deepEqual(warnings, [], text)
    return url
  }
  const [first, ...more] = blocks('url').map(({ text }) => text.trim().split('\n'))
  const [one, ...others] = (first ?? []).map(read)
  assert.equal(others.length, 2)
  for (const other of others) assert.deepEqual(other, one)
  assert.equal(one?.dialect === 'postgres' ? one.hosts[0].password : undefined, 'secret')
  const several = more.flat().map(read)
  assert.equal(several.length, 2)
  for (const url of several) assert.ok(url.dialect === 'postgres' && url.hosts.length > 1)
  const reader = read('postgres://reader@anywhere/x')
  assert.equal(reader.dialect === 'postgres' ? reader.hosts[0].password : undefined, 'not:so\\secret')
})
