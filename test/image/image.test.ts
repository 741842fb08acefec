/** What is in the images, and that they run with nothing: no writable file, no capability, no user of their own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createGzip } from 'node:zlib'
import { createWorkspace } from '../helpers/workspace.ts'
import { ask, docker, type Harbour, hardened, image, openHarbour, startRun, uniqueName } from './docker.ts'

const root = join(import.meta.dirname, '../..')
const megabyte = 1_000_000
const withMigrations = ['--volume', `${join(root, 'migrations')}:/app/migrations:ro`]

let harbour: Harbour
before(async () => {
  harbour = await openHarbour()
})
after(() => harbour[Symbol.asyncDispose]())

test('runner is at most 140 MB, and 50 MB when compressed', async () => {
  const size = Number(await ask(['image', 'inspect', '--format', '{{.Size}}', image.runner]))
  const compressed = await compressedSize(image.runner)
  console.log(
    `runner: ${(size / megabyte).toFixed(1)} MB, ${(compressed / megabyte).toFixed(1)} MB compressed`,
  )
  assert.ok(size <= 140 * megabyte, `${size} bytes`)
  assert.ok(compressed <= 50 * megabyte, `${compressed} bytes compressed`)
})

async function compressedSize(name: string): Promise<number> {
  const save = spawn('docker', ['save', name], { stdio: ['ignore', 'pipe', 'inherit'] })
  let size = 0
  for await (const chunk of save.stdout.pipe(createGzip())) size += chunk.length
  return size
}

for (const name of ['runner', 'backup', 'slim'] as const)
  test(`${name} says what it is, and asks for nothing`, async () => {
    const [inspected] = JSON.parse(await ask(['image', 'inspect', image[name]]))
    const { Labels: labels, ...config } = inspected.Config
    assert.equal(config.User, '65532:65532')
    assert.deepEqual(config.Entrypoint, ['docker-entrypoint.sh'])
    assert.deepEqual(config.Cmd, ['up'])
    assert.equal(config.WorkingDir, '/app')
    assert.equal(config.StopSignal, 'SIGTERM')
    for (const nothing of ['Volumes', 'ExposedPorts', 'Healthcheck'])
      assert.equal(config[nothing] ?? null, null)
    const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const label = (key: string): string => labels[`org.opencontainers.image.${key}`]
    assert.equal(label('version'), version)
    assert.equal(label('licenses'), license)
    for (const key of ['title', 'description', 'revision', 'created', 'base.name']) assert.ok(label(key), key)
  })

for (const name of ['runner', 'slim'] as const)
  test(`${name} migrates on a read-only root, without capabilities, as any user`, async () => {
    const run = () => startRun(harbour, { flags: [...hardened, ...withMigrations], image: image[name] }).done
    const first = await run()
    assert.equal(first.code, 0, first.stderr)
    const second = await run()
    assert.equal(second.code, 0, second.stderr)
    assert.match(second.stderr, /up to date/)
    assert.equal(await harbour.psql('select count(*) from schema_migrations'), '3')
  })

test('it needs no network to start, nor a home, a temporary folder, shared memory, a locale', async () => {
  const data = ['--tmpfs', '/data:mode=1777', '--env', 'DATABASE_URL=sqlite:/data/app.db']
  const flags = ['--rm', '--network', 'none', '--ipc', 'none', ...data, ...hardened, '--entrypoint', 'sh']
  const script = 'unset HOME HOSTNAME; exec docker-entrypoint.sh up --dir /opt/slipway/example/migrations'
  const { code, stderr } = await docker(['run', ...flags, image.runner, '-c', script])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /3 migrations applied/)
  assert.doesNotMatch(stderr, /"level":"warn"/)
})

test('runner is Node, slipway and a shell, and each part once', async () => {
  const script = `const { readdirSync } = require('node:fs')
const list = (dir) => readdirSync(dir, { recursive: true })
const slipway = list('/opt/slipway')
console.log(JSON.stringify({
  programs: ['/bin', '/usr/local/bin', '/opt/slipway/bin'].flatMap((dir) => list(dir)).sort(),
  others: ['/sbin', '/usr/bin', '/usr/sbin'].filter((dir) => require('node:fs').existsSync(dir)),
  addons: slipway.filter((path) => path.endsWith('.node')).length,
  types: slipway.filter((path) => path.endsWith('.d.ts') && path.startsWith('dist')),
  home: list('/app'),
}))`
  const found = await ask(['run', '--rm', '--entrypoint', 'node', image.runner, '-e', script])
  assert.deepEqual(JSON.parse(found), {
    programs: ['docker-entrypoint.sh', 'node', 'sh', 'slipway'],
    others: [],
    addons: 1,
    types: [],
    home: [],
  })
})

test('what the others add: four programs of PostgreSQL, a shell with tools', async () => {
  for (const program of ['pg_dump', 'pg_restore', 'psql', 'pg_isready'])
    assert.match(await ask(['run', '--rm', '--entrypoint', program, image.backup, '--version']), /PostgreSQL/)
  const looked = await ask([
    'run',
    '--rm',
    '--entrypoint',
    'bash',
    image.slim,
    '-c',
    'ls /opt/slipway | wc -l',
  ])
  assert.ok(Number(looked) > 3, looked)
})

test('it knows time zones, and names in any script', async () => {
  using workspace = createWorkspace({
    'migrations/0001_größe_表.sql': "create table größe (x text default '✓');\n",
  })
  const flags = ['--volume', `${workspace.path('migrations')}:/app/migrations:ro`, ...hardened]
  const env = { TZ: 'Asia/Kathmandu', SLIPWAY_TABLE: 'history_of_names' }
  const { code, stderr } = await startRun(harbour, { flags, env }).done
  assert.equal(code, 0, stderr)
  assert.match(stderr, /0001_größe_表/)
  assert.equal(await harbour.psql('select name from history_of_names'), '0001_größe_表')
  const hours = ['--env', 'TZ', '--entrypoint', 'node', image.runner, '-p', 'new Date(0).getHours()']
  assert.equal(await ask(['run', '--rm', ...hours], { env }), '5')
})

test('the worked example has its manifest', async () => {
  const dir = '/opt/slipway/example/migrations'
  const { code, stderr } = await docker(['run', '--rm', image.runner, 'manifest', '--check', '--dir', dir])
  assert.equal(code, 0, stderr)
})

test('V8 takes what was compiled of the bundle', async () => {
  // As src/code-cache.ts reads it.
  const script = `const { readFileSync, readdirSync } = require('node:fs')
const { Script } = require('node:vm')
const dir = '/opt/slipway/dist/bundle'
const taken = readdirSync(dir + '/compiled').filter((file) => {
  const bytes = readFileSync(dir + '/compiled/' + file)
  const name = file.slice(0, -'.bin'.length)
  const text = readFileSync(dir + '/' + name, 'latin1')
  const cachedData = bytes.subarray(bytes.indexOf('\\n') + 1)
  const wrapped = '(function (exports, require, module, __filename, __dirname) {' + text + '\\n})'
  return !new Script(wrapped, { filename: dir + '/' + name, cachedData }).cachedDataRejected
})
console.log(taken.includes('cli.cjs.bin'), readdirSync(dir + '/compiled').length - taken.length)`
  const run = ['run', '--rm', '--network', 'none', '--entrypoint', 'node', image.runner, '-e', script]
  assert.equal(await ask(run), 'true 0')
})

test('names in /etc/hosts are found, and the public certificates', async () => {
  const script = `require('node:dns').lookup('there', (error, address) =>
    console.log(address, require('node:tls').getCACertificates('system').length > 100))`
  const flags = ['--rm', '--network', 'none', '--add-host', 'there:192.0.2.7', '--entrypoint', 'node']
  assert.equal(await ask(['run', ...flags, image.runner, '-e', script]), '192.0.2.7 true')
})

test('a secret that only root may read is named, with its mode and our user', async () => {
  using workspace = createWorkspace({ 'url.txt': `${harbour.url}\n` })
  const secret = ['--volume', `${workspace.path('url.txt')}:/run/secrets/database_url:ro`]
  const run = () =>
    startRun(
      { network: harbour.network },
      {
        flags: [...hardened, ...withMigrations, ...secret],
        env: { DATABASE_URL_FILE: '/run/secrets/database_url' },
      },
    ).done
  chmodSync(workspace.path('url.txt'), 0o600)
  const refused = await run()
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /\/run\/secrets\/database_url.*mode 0600, owner 0:0, we are uid 12345/)
  chmodSync(workspace.path('url.txt'), 0o644)
  const { code, stderr } = await run()
  assert.equal(code, 0, stderr)
})

test('backup takes a dump before it reverts', async () => {
  const volume = uniqueName()
  const flags = [...withMigrations, '--volume', `${volume}:/backups`, '--user', '0']
  const down = ['down', '--backup', '--confirm', 'app', '--allow-data-loss']
  try {
    const env = { SLIPWAY_BACKUP_DIR: '/backups' }
    const up = await startRun(harbour, { flags, image: image.backup }).done
    assert.equal(up.code, 0, up.stderr)
    const { code, stderr } = await startRun(harbour, { flags, env, image: image.backup }, ...down).done
    assert.equal(code, 0, stderr)
    const mount = ['--volume', `${volume}:/backups`, '--entrypoint', 'sh']
    const list = 'set -- /backups/*; pg_restore --list "$1"'
    const listed = await ask(['run', '--rm', ...mount, '--user', '0', image.backup, '-c', list])
    assert.match(listed, /TABLE DATA public users/)
  } finally {
    await docker(['volume', 'rm', '--force', volume])
  }
})
