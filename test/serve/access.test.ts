/** Who may read what `serve` shows, and how. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPlace } from '../helpers/place.ts'
import { type AskOptions, startServing } from '../helpers/serving.ts'

const migrations = { '0001_a.sql': 'create table a (id integer);\n' }
const bearer = (token: string): AskOptions => ({ headers: { authorization: `Bearer ${token}` } })
const basic = (token: string): AskOptions => ({
  headers: { authorization: `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}` },
})

test('without a token: reading only, for this host only, and nothing from elsewhere', async () => {
  await using place = await openPlace('sqlite', migrations)
  await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
  await serving.until('ready')
  const { port } = new URL(serving.url)

  const posted = await serving.get('/', { method: 'POST' })
  assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD'])
  assert.equal((await serving.get('/nothing')).status, 404)
  assert.equal((await serving.get('/..%2f..%2fetc/passwd')).status, 404)
  assert.equal((await serving.get('/constructor')).status, 404)
  const head = await serving.get('/', { method: 'HEAD' })
  assert.deepEqual([head.status, head.body], [200, ''])
  assert.equal((await serving.get('/?refresh=1')).status, 200)

  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
    assert.equal((await serving.get('/', { headers: { host } })).status, 200, host)
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example'])
    assert.equal((await serving.get('/', { headers: { host } })).status, 421, host)

  for (const path of ['/', '/page.js', '/page.css', '/icon.svg', '/metrics', '/api/status', '/readyz']) {
    const { status, headers } = await serving.get(path)
    assert.equal(status, 200, path)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.ok(!('access-control-allow-origin' in headers))
  }
  assert.match(String((await serving.get('/page.js')).headers['content-type']), /^text\/javascript/)
  assert.match(
    String((await serving.get('/metrics')).headers['content-type']),
    /^text\/plain; version=0\.0\.4/,
  )
})

test('with a token: everything but the probes asks for it', async () => {
  await using place = await openPlace('sqlite', migrations)
  place.workspace.write({ token: 'correct-horse-battery\n' })
  await using serving = await startServing(
    { cwd: place.workspace.dir, env: { ...place.env, SLIPWAY_TOKEN_FILE: 'token' } },
    ['--listen', '127.0.0.1:0'],
  )
  await serving.until('ready')
  assert.equal((await serving.get('/healthz')).status, 200)
  for (const path of ['/', '/metrics', '/api/status', '/events', '/page.js']) {
    const refused = await serving.get(path)
    assert.equal(refused.status, 401, path)
    assert.deepEqual(String(refused.headers['www-authenticate']).match(/\b(Bearer|Basic) realm/g), [
      'Bearer realm',
      'Basic realm',
    ])
    assert.doesNotMatch(refused.body, /0001_a|sqlite/)
    for (const asking of [
      bearer('wrong'),
      basic('wrong'),
      bearer(''),
      basic(''),
      bearer('correct-horse-batter'),
    ])
      assert.equal((await serving.get(path, asking)).status, 401, path)
    if (path === '/events') continue
    for (const asking of [bearer('correct-horse-battery'), basic('correct-horse-battery')])
      assert.equal((await serving.get(path, asking)).status, 200, path)
  }
  // A Secret that is changed reaches the file while we run; one that is being written changes nothing.
  place.workspace.write({ token: 'a/new+one=with:signs!\n' })
  assert.equal((await serving.get('/', bearer('correct-horse-battery'))).status, 401)
  for (const asking of [bearer('a/new+one=with:signs!'), basic('a/new+one=with:signs!')])
    assert.equal((await serving.get('/', asking)).status, 200)
  for (const unfinished of ['', 'two words', undefined]) {
    place.workspace.write({ token: unfinished })
    assert.equal((await serving.get('/', bearer('a/new+one=with:signs!'))).status, 200)
    assert.equal((await serving.get('/', bearer(''))).status, 401)
  }
  place.workspace.write({ token: 'correct-horse-battery\n' })
  // Whoever has the token may come under any name: a Service has one.
  const named = { headers: { ...bearer('correct-horse-battery').headers, host: 'migrate.shop.svc' } }
  assert.equal((await serving.get('/', named)).status, 200)
  assert.equal(await serving.stop(), 0)
  assert.doesNotMatch(serving.running.output(), /correct-horse/)
})

test('a token that no header can carry is refused before anything listens', async () => {
  await using place = await openPlace('sqlite', migrations)
  for (const token of ['two words', 'naïve', 'one\nanother']) {
    place.workspace.write({ token })
    const { code, stderr } = await place.run('serve --token-file token')
    assert.equal(code, 78, stderr)
    assert.match(stderr, /SLIPWAY_TOKEN_FILE names .*token, whose text no client could send/)
    assert.doesNotMatch(stderr, /two words|naïve|another|status page/)
  }
})
