/** The stream behind an open page. */
import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { openPlace } from '../helpers/place.ts'
import { startServing } from '../helpers/serving.ts'
import { until } from '../helpers/until.ts'

type Parts = Record<string, string>

/** What a page has received, merged. */
async function openStream(
  url: string,
): Promise<{ parts: Parts; response: IncomingMessage; received: Parts[] }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/events`, { agent: false }, resolve).once('error', reject)
  })
  const parts: Parts = {}
  const received: Parts[] = []
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data === undefined) continue
      received.push(JSON.parse(data))
      Object.assign(parts, received.at(-1))
    }
  })
  response.on('error', () => {})
  return { parts, response, received }
}

test('a run is told as it goes, then only what changes', async () => {
  await using place = await openPlace('postgres', {
    '0001_a.sql': 'create table gate (id integer); insert into gate values (1);\n',
    '0002_wait.ts': `export const options = { transaction: false, resumable: true }
export const up = async ({ sql }) => {
  while ((await sql\`select 1 from gate\`).length > 0) await sql\`select pg_sleep(0.05)\`
}\n`,
  })
  await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
  const page = await openStream(serving.url)
  assert.match(String(page.response.headers['content-type']), /^text\/event-stream/)
  await until('the second one is told', () =>
    /class="step running"><span[^>]*>◌<\/span>\s<span class="name">0002_<wbr>wait/.test(page.parts.run ?? ''),
  )
  assert.match(page.parts.run ?? '', /1 of 2 migrations done/)
  await place.change('delete from gate')
  await until('ready is told', () => page.parts.announcement === 'Ready')
  await until('history is told', () =>
    /class="applied"><th[^>]*>0002_<wbr>wait/.test(page.parts.migrations ?? ''),
  )

  // A page that opens later gets all of it at once; what another runner does comes by itself.
  const later = await openStream(serving.url)
  await until('it has everything', () => Object.keys(later.parts).length === 7)
  assert.equal(later.parts.announcement, 'Ready')
  await until('it is told of another look', () => later.received.slice(1).some((parts) => 'read' in parts))
  for (const parts of later.received.slice(1)) assert.deepEqual(Object.keys(parts), ['read'])
  place.workspace.write({ 'migrations/0003_c.sql': 'create table c (id integer);\n' })
  await until('the new file is seen', () => /0003_<wbr>c/.test(later.parts.migrations ?? ''))
  await until('and keeps it from being ready', () => /not applied/.test(later.parts.announcement ?? ''))
  assert.ok(!later.received.slice(1).some((parts) => 'lock' in parts), 'what did not change is not sent')

  // Open pages do not keep it from ending.
  const ended = new Promise((resolve) => later.response.once('close', resolve))
  assert.equal(await serving.stop(), 0)
  await ended
})

test('only so many pages', async () => {
  await using place = await openPlace('sqlite', { '0001_a.sql': 'create table a (id integer);\n' })
  await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
  const pages = await Promise.all(Array.from({ length: 70 }, () => openStream(serving.url)))
  const statuses = pages.map(({ response }) => response.statusCode)
  assert.equal(statuses.filter((status) => status === 503).length, 6)
  pages.find(({ response }) => response.statusCode === 200)?.response.destroy()
  await until('there is room again', async () => {
    const { response } = await openStream(serving.url)
    return response.statusCode === 200
  })
  assert.equal((await serving.get('/healthz')).status, 200)
})

test('a page that cannot be drawn is closed, and nothing else', async () => {
  await using place = await openPlace('sqlite', { '0001_a.sql': 'create table a (id integer);\n' })
  await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
  await serving.until('ready')
  const { parts, response } = await openStream(serving.url)
  await until('history is told', () => /0001_<wbr>a/.test(parts.migrations ?? ''))
  const closed = new Promise((resolve) => response.once('close', resolve))
  await place.change("update schema_migrations set applied_at = 'long ago'")
  await closed
  assert.equal((await serving.get('/api/status')).status, 500)
  assert.equal((await serving.get('/readyz')).status, 200)
  assert.equal(await serving.stop(), 0)
})
