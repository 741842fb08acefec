/** docker-entrypoint.sh: what it makes of its arguments, in every shell that may run it, and in an app's own image. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { verbs } from '../../src/config/verbs.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { ask, docker, type Harbour, image, openHarbour, startRun, uniqueName } from './docker.ts'

const root = join(import.meta.dirname, '../..')
const script = join(root, 'docker-entrypoint.sh')
const text = readFileSync(script, 'utf8')

test('it is short', () => {
  assert.ok(text.split('\n').length <= 41)
})

test('it knows every verb', () => {
  const listed = [...text.matchAll(/^ {4}([a-z]+(?: \| [a-z]+)*)\) ;;$/gm)].flatMap(([, list = '']) =>
    list.split(' | '),
  )
  assert.deepEqual(listed.sort(), Object.keys(verbs).sort())
})

const workspace = createWorkspace({
  'bin/slipway': '#!/bin/sh\nprintf "slipway"; printf " <%s>" "$@"; echo\n',
  'bin/app': '#!/bin/sh\n',
  'bin/notes.txt': '',
  'own.sh': '. "$ENTRYPOINT"\necho "mine first"\nslipway_entrypoint status --json\n',
})
for (const name of ['slipway', 'app']) chmodSync(workspace.path('bin', name), 0o755)
// Under another name, as in an image that has an entrypoint already.
copyFileSync(script, workspace.path('migrate.sh'))
after(() => workspace[Symbol.dispose]())

const means: readonly [args: readonly string[], becomes: string][] = [
  [[], '<up>'],
  [['--dry-run', '--to', 'x'], '<up> <--dry-run> <--to> <x>'],
  [['-q'], '<up> <-q>'],
  [['--help'], '<--help>'],
  [['--version'], '<--version>'],
  [['status', '--json'], '<status> <--json>'],
  // A word of the shell, and a verb.
  [['wait'], '<wait>'],
  [['exec', '--', 'app', 'a b'], '<exec> <--> <app> <a b>'],
  [['app', 'a b', '', '*', '$HOME'], '<exec> <--> <app> <a b> <> <*> <$HOME>'],
  [['./bin/app'], '<exec> <--> <./bin/app>'],
  [['echo', 'x'], '<exec> <--> <echo> <x>'],
  [['statsu'], '<statsu>'],
  [[''], '<>'],
  // Nothing that could be run: a file, a folder, a word that only the shell knows.
  [['notes.txt'], '<notes.txt>'],
  [['./bin'], '<./bin>'],
  [['umask'], '<umask>'],
  [['*'], '<*>'],
]

for (const shell of ['dash', 'bash', 'busybox sh'])
  test(`${shell}: a flag, a verb, a command, anything else`, () => {
    const env = { PATH: `${workspace.path('bin')}:${process.env.PATH}`, ENTRYPOINT: script }
    const [program = '', ...applet] = shell.split(' ')
    const run = (...args: string[]) =>
      execFileSync(program, [...applet, ...args], { env, cwd: workspace.dir, encoding: 'utf8' }).trimEnd()
    for (const [args, becomes] of means) {
      assert.equal(run(script, ...args), `slipway ${becomes}`)
      assert.equal(run('migrate.sh', ...args), `slipway ${becomes}`)
    }
    assert.equal(run('own.sh', 'ignored'), 'mine first\nslipway <status> <--json>')
    assert.equal(run('-c', '. "$ENTRYPOINT"; echo "read only"'), 'read only')
  })

let harbour: Harbour
const app = uniqueName()
before(async () => {
  harbour = await openHarbour()
  using context = createWorkspace({
    Dockerfile: `FROM ${image.node}
COPY --from=${image.runner} /opt/slipway /opt/slipway
ENV PATH=/opt/slipway/bin:$PATH
WORKDIR /app
COPY . .
USER 65532:65532
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node", "server.js"]
`,
    'migrations/0001_a.sql': 'create table a (id integer);\n',
    'server.js': `process.on('SIGTERM', () => process.exit(7))
console.log('serving as', process.pid, Object.keys(process.env).filter((name) => name.startsWith('SLIPWAY')).join())
setInterval(() => {}, 1000)
`,
  })
  await ask(['build', '--tag', app, context.dir])
})
after(async () => {
  await docker(['image', 'rm', '--force', app])
  await harbour[Symbol.asyncDispose]()
})

test('a word that is neither a verb nor a command: 64, the nearest verb, nothing migrated', async () => {
  for (const name of [image.runner, app]) {
    const { code, stderr } = await startRun(harbour, { image: name }, 'statsu').done
    assert.equal(code, 64)
    assert.match(stderr, /did you mean: slipway status/)
  }
  assert.equal(await harbour.psql(`select to_regclass('schema_migrations') is null`), 't')
})

test('in an app image: migrated, then the app as process 1, and its signals are its own', async () => {
  const name = uniqueName()
  const env = { SLIPWAY_DATABASE_URL: harbour.url }
  const running = startRun({ network: harbour.network }, { image: app, flags: ['--name', name], env })
  await running.waitForOutput(/serving as 1 \n/)
  assert.equal(await harbour.psql('select name from schema_migrations'), '0001_a')
  await ask(['stop', '--time', '20', name])
  const { code, stdout, stderr } = await running.done
  assert.equal(code, 7, stdout + stderr)
})

test('while it waits for the database, the signal is slipway’s', async () => {
  const name = uniqueName()
  const env = { SLIPWAY_DATABASE_URL: 'postgres://app@nowhere.invalid/app' }
  const running = startRun({ network: harbour.network }, { image: app, flags: ['--name', name], env })
  await running.waitForOutput(/waiting-for-database/)
  await ask(['stop', '--time', '20', name])
  assert.equal((await running.done).code, 143)
})

test('a migration that fails: the app is not started', async () => {
  using broken = createWorkspace({
    'migrations/0001_a.sql': 'create table a (id integer);\n',
    'migrations/0002_b.sql': 'select 1 / 0;\n',
  })
  const flags = ['--volume', `${broken.path('migrations')}:/app/migrations:ro`]
  const { code, stdout, stderr } = await startRun(harbour, { image: app, flags }).done
  assert.equal(code, 70, stderr)
  assert.match(stderr, /division by zero/)
  assert.doesNotMatch(stdout, /serving/)
})

test('the shell of runner runs it, too', async () => {
  assert.match(await ask(['run', '--rm', image.runner, '--version']), /^slipway \d/)
  const flags = ['--volume', `${join(root, 'migrations')}:/app/migrations:ro`]
  const url = 'sqlite:/tmp/app.db'
  const alone = { network: 'none', url }
  const { code, stdout, stderr } = await startRun(alone, { flags }, 'node', '-p', 'process.pid').done
  assert.equal(code, 0, stderr)
  assert.equal(stdout.trim(), '1')
})
