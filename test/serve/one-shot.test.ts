/** Metrics of runs that end: --metrics-file and --pushgateway. */
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { openPlace } from '../helpers/place.ts'
import { readSamples } from '../helpers/serving.ts'

const migrations = {
  '0001_a.sql': 'create table a (id integer);\n',
  '0002_b.sql': 'create table b (id integer);\n',
}

for (const kind of ['sqlite', 'postgres'] as const)
  test(`${kind}: a file with what came of it, whole, and with the last success kept`, async () => {
    await using place = await openPlace(kind, migrations)
    const { workspace } = place
    const read = () => readSamples(workspace.read('out/slipway.prom'))
    workspace.write({ 'out/other.prom': '' })
    await place.expect(0, 'up --steps 1 --metrics-file out/slipway.prom')
    // What lies beyond was not looked at.
    assert.ok(!read().has('slipway_migrations{state="pending"}') && !read().has('slipway_ready'))
    await place.expect(0, 'up --metrics-file out/slipway.prom')
    const first = read()
    assert.equal(first.get('slipway_migrations{state="applied"}'), 2)
    assert.equal(first.get('slipway_run_applied_migrations'), 1)
    assert.equal(first.get('slipway_ready'), 1)
    const succeededAt = first.get('slipway_last_success_timestamp_seconds') ?? 0
    assert.ok(succeededAt > 1e9)

    workspace.write({ 'migrations/0003_bad.sql': 'create table a (id integer);\n' })
    await place.expect(70, 'up --metrics-file out/slipway.prom')
    const failed = read()
    assert.equal(failed.get('slipway_last_success_timestamp_seconds'), succeededAt)
    assert.equal(failed.get('slipway_run_exit_code'), 70)
    assert.equal(failed.get('slipway_run_failed_migrations'), 1)
    assert.equal(failed.get('slipway_migrations{state="pending"}'), 1)
    assert.equal(failed.get('slipway_ready'), 0)

    workspace.write({ 'migrations/0003_bad.sql': undefined, 'migrations/0001_a.sql': 'select 1;\n' })
    await place.expect(65, 'up --metrics-file out/slipway.prom')
    assert.equal(read().get('slipway_migrations{state="changed"}'), 1)

    // Nothing is left beside it, also where the command takes over the process.
    workspace.write({ 'migrations/0001_a.sql': migrations['0001_a.sql'] })
    const ran = await place.expect(0, 'exec --metrics-file out/slipway.prom -- echo sailing')
    assert.equal(ran.stdout, 'sailing\n')
    assert.equal(read().get('slipway_run_exit_code'), 0)
    assert.deepEqual(readdirSync(workspace.path('out')).sort(), ['other.prom', 'slipway.prom'])
    await place.expect(0, 'up --dry-run --metrics-file out/none.prom')
    assert.ok(!workspace.has('out/none.prom'))
  })

interface Pushed {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly authorization: string | undefined
  readonly body: string
}

test('a push adds to the job, and one that fails changes nothing of the run', async () => {
  const pushed: Pushed[] = []
  let answer = (response: ServerResponse) => void response.writeHead(200).end()
  const gateway = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.once('end', () => {
      const { method, url: path, headers } = request
      pushed.push({ method, path, authorization: headers.authorization, body })
      answer(response)
    })
  })
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
  const address = gateway.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    await using place = await openPlace('sqlite', migrations)
    const env = { SLIPWAY_PUSHGATEWAY: `http://pusher:gate-secret-7@127.0.0.1:${port}/base` }
    const first = await place.expect(0, 'up --push-job shop', env)
    const credentials = Buffer.from('pusher:gate-secret-7').toString('base64')
    const [{ body, ...head } = { body: '' }] = pushed
    assert.deepEqual(head, {
      method: 'POST',
      path: '/base/metrics/job/shop',
      authorization: `Basic ${credentials}`,
    })
    assert.equal(readSamples(body).get('slipway_run_applied_migrations'), 2)

    // Those that share the work do not take each other's place.
    const shared = { ...env, SLIPWAY_TENANTS: 'sqlite:one.db,sqlite:two.db', SLIPWAY_DATABASE_URL: undefined }
    await place.expect(0, 'up --push-job shop --shard 1/1', shared)
    assert.equal(pushed.at(-1)?.path, '/base/metrics/job/shop/shard/1')
    assert.equal(readSamples(pushed.at(-1)?.body ?? '').get('slipway_tenants{state="migrated"}'), 2)

    answer = (response) => void response.writeHead(500).end('no\n')
    const refused = await place.expect(0, 'up', env)
    assert.match(refused.stderr, /pushing metrics to 127\.0\.0\.1:\d+.*status 500/)
    answer = (response) => void response.writeHead(308, { Location: 'https://127.0.0.1:1/' }).end()
    const moved = await place.expect(0, 'up', env)
    assert.match(moved.stderr, /pushing metrics to 127\.0\.0\.1:\d+.*status 308/)
    answer = (response) => {
      response.writeHead(502, { 'Content-Length': 100 }).write('no\n', () => response.socket?.end())
    }
    const cut = await place.expect(0, 'exec -- echo sailing', env)
    assert.match(cut.stderr, /pushing metrics to 127\.0\.0\.1:\d+.*not answered within 5 s/)
    assert.equal(cut.stdout, 'sailing\n')
    const gone = await place.expect(0, 'up', { SLIPWAY_PUSHGATEWAY: 'http://127.0.0.1:1' })
    assert.match(gone.stderr, /pushing metrics to 127\.0\.0\.1:1.*ECONNREFUSED/)
    for (const { stderr } of [first, refused, moved, cut, gone])
      assert.doesNotMatch(stderr, /gate-secret|cHVzaGVy/)
    const shown = await place.expect(0, 'config', env)
    assert.doesNotMatch(shown.stdout, /gate-secret/)
  } finally {
    gateway.close()
  }
})
