/** docs/serve.md: its addresses, metrics and settings are those of a running `serve`, and of a run that ends. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { settingNames, settingOf } from '../../src/config/settings.ts'
import { openPlace } from '../helpers/place.ts'
import { readSamples, startServing } from '../helpers/serving.ts'
import { readCode, readTable } from './markdown.ts'

const read = (page: string) => readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')
const page = read('serve.md')
const metrics = readTable(page, ['Metric', 'Is', '`serve`', 'a run'])
const namesWith = (column: number) =>
  metrics.filter((row) => row[column] !== '–').map(([name = '']) => readCode(name)[0] ?? '')

test('addresses, JSON and metrics', async () => {
  await using place = await openPlace('sqlite', {
    '0001_a.sql': 'create table a (id integer);\n',
    '0002_bad.sql': 'create table a (id integer);\n',
  })
  place.workspace.write({ token: 'correct-horse-battery' })
  const env = { ...place.env, SLIPWAY_TOKEN_FILE: 'token' }
  await using serving = await startServing({ cwd: place.workspace.dir, env })
  await serving.until(/failed/)
  const routes = readTable(page, ['Address', 'Answers', 'Token'])
  assert.deepEqual(
    routes.map(([path = '']) => readCode(path)[0]),
    ['/', '/healthz', '/readyz', '/metrics', '/api/status', '/events'],
  )
  for (const [path = '', , token] of routes) {
    const { status } = await serving.get(readCode(path)[0] ?? '')
    assert.equal(status === 401, token === 'asked for', path)
  }
  const asking = { headers: { authorization: 'Bearer correct-horse-battery' } }
  const failed = readSamples((await serving.get('/metrics', asking)).body)
  const view = JSON.parse((await serving.get('/api/status', asking)).body)
  assert.equal(await serving.stop(), 70)
  const fields = readTable(read('formats.md').split('## /api/status')[1] ?? '', ['Field', ''])
  const named = fields.flatMap(([names = '']) => readCode(names)).filter((name) => !name.includes('.'))
  assert.deepEqual(named.sort(), Object.keys(view).sort())
  for (const name of [...Object.keys(view.run), ...Object.keys(view.run.steps[0])])
    assert.ok(
      fields.some(([key = '', text = '']) => key.includes('run') && text.includes(`\`${name}\``)),
      name,
    )

  place.workspace.write({ 'migrations/0002_bad.sql': 'create table b (id integer);\n' })
  await using ready = await startServing({ cwd: place.workspace.dir, env: place.env })
  await ready.until('ready')
  const succeeded = readSamples((await ready.get('/metrics')).body)
  const scraped = new Set([...failed.keys(), ...succeeded.keys()].map((name) => name.replace(/\{.*/, '')))
  assert.deepEqual(namesWith(2).sort(), [...scraped].sort())

  await place.expect(0, 'up --metrics-file run.prom')
  await place.expect(0, 'up --metrics-file many.prom --tenants sqlite:one.db,sqlite:two.db')
  const left = ['run.prom', 'many.prom'].flatMap((file) =>
    [...readSamples(place.workspace.read(file)).keys()].map((name) => name.replace(/\{.*/, '')),
  )
  // Of a failure, and of many.
  const others = ['slipway_last_failure_timestamp_seconds', 'slipway_tenants']
  assert.deepEqual(namesWith(3).sort(), [...new Set([...left, ...others])].sort())
})

test('every setting of serve is named', () => {
  for (const { variable, verbs } of settingNames.map(settingOf))
    if (verbs.includes('serve') && !verbs.includes('up'))
      assert.ok(page.includes(`\`${variable}`) || page.includes(`${variable}=`), variable)
})
