/** compose.yaml from a fresh clone, and the examples beside it. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, test } from 'node:test'
import { type SlipwayResult, slipway } from '../helpers/cli.ts'
import { testPassword } from '../helpers/password.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'
import { cloneWorkingCopy } from './clone.ts'
import { docker, image, startDocker, uniqueName } from './docker.ts'

const checkout = cloneWorkingCopy()
after(() => checkout[Symbol.dispose]())

interface Project extends AsyncDisposable {
  compose(...args: string[]): Promise<SlipwayResult>
  start(...args: string[]): ReturnType<typeof startDocker>
  /** Succeeds, or throws what was printed. */
  expect(...args: string[]): Promise<SlipwayResult>
  /** `exited 0`, `running 0` … */
  state(service: string): Promise<string>
  /** What a service has printed. */
  log(service: string): Promise<string>
}

function project(
  file: string,
  more: Readonly<Record<string, string>> = {},
  of: Workspace = checkout,
): Project {
  const name = uniqueName()
  const env = {
    SLIPWAY_IMAGE: image.runner,
    SLIPWAY_SLIM_IMAGE: image.slim,
    POSTGRES_PASSWORD: testPassword(),
    ...more,
  }
  const start = (...args: string[]) =>
    startDocker(['compose', '--project-name', name, '--file', file, '--progress', 'plain', ...args], {
      cwd: of.dir,
      env,
    })
  const compose = (...args: string[]) => start(...args).done
  const expect = async (...args: string[]) => {
    const result = await compose(...args)
    assert.equal(result.code, 0, `compose ${args.join(' ')}: ${result.stdout}${result.stderr}`)
    return result
  }
  return {
    compose,
    start,
    expect,
    state: async (service) => {
      const { stdout } = await expect('ps', '--all', '--format', '{{.State}} {{.ExitCode}}', service)
      return stdout.trim()
    },
    log: async (service) => (await expect('logs', '--no-color', '--no-log-prefix', service)).stdout,
    [Symbol.asyncDispose]: async () => {
      await compose('down', '--volumes', '--timeout', '5')
    },
  }
}

test('from a fresh clone: the database, its migrations, the app; the second time there is nothing to do', async () => {
  // Nobody has built one yet.
  const fresh = uniqueName()
  await using its = project('compose.yaml', { SLIPWAY_IMAGE: fresh })
  await using _built = {
    [Symbol.asyncDispose]: () => docker(['image', 'rm', '--force', fresh]).then(() => {}),
  }
  const up = await its.expect('up', '--detach', '--wait')
  assert.doesNotMatch(up.stderr, /pulling|registry/i)
  assert.equal(await its.state('migrate'), 'exited 0')
  assert.equal(await its.state('app'), 'running 0')
  assert.match(await its.log('migrate'), /3 migrations applied/)
  await until('the app shows its table', async () => /All aboard/.test(await its.log('app')))
  const app = await its.expect('ps', '--quiet', 'app')
  await its.expect('up', '--detach', '--wait')
  assert.equal(await its.state('migrate'), 'exited 0')
  assert.match(await its.log('migrate'), /up to date/)
  assert.equal((await its.expect('ps', '--quiet', 'app')).stdout, app.stdout)
  assert.equal(((await its.log('app')).match(/All aboard/g) ?? []).length, 1, 'the app was started again')
  const status = await its.expect('run', '--rm', '--no-TTY', 'migrate', 'status', '--json')
  assert.equal(JSON.parse(status.stdout).pending?.length ?? 0, 0, status.stdout)
})

test('a migration that fails: the app is never started, and the log says why', async () => {
  using broken = cloneWorkingCopy()
  broken.write({ 'migrations/20260401000000_broken.sql': 'create table fine (id integer);\nselect 1 / 0;\n' })
  await using its = project('compose.yaml', {}, broken)
  const up = await its.compose('up', '--detach')
  assert.equal(up.code, 1)
  assert.match(up.stderr, /service "migrate" didn't complete successfully: exit 70/)
  assert.equal(await its.state('app'), 'created 0')
  assert.match(await its.log('migrate'), /division by zero.*20260401000000_broken\.sql","line":2,/)
  const again = await its.compose('run', '--rm', '--no-TTY', 'migrate')
  assert.equal(again.code, 70)
})

test('the password as a file', async () => {
  using secret = createWorkspace({ 'password.txt': `${testPassword()}\n` })
  await using its = project('examples/compose/secrets.yaml', {
    DB_PASSWORD_FILE: secret.path('password.txt'),
    POSTGRES_PASSWORD: '',
  })
  chmodSync(secret.path('password.txt'), 0o600)
  const refused = await its.compose('up', '--detach', '--wait')
  assert.equal(refused.code, 1)
  assert.equal(await its.state('migrate'), 'exited 78')
  assert.match(
    await its.log('migrate'),
    /\/run\/secrets\/db_password.*mode 0600, owner 0:0, we are uid 65532/,
  )
  chmodSync(secret.path('password.txt'), 0o644)
  await its.expect('up', '--detach', '--wait')
  assert.match(await its.log('migrate'), /3 migrations applied/)
})

test('SQLite in a volume', async () => {
  await using its = project('examples/compose/sqlite.yaml')
  await its.expect('up', '--detach', '--wait')
  assert.match(await its.log('migrate'), /3 migrations applied/)
  await until('the app sees the file', async () => /app\.db/.test(await its.log('app')))
  await its.expect('up', '--detach', '--wait')
  assert.match(await its.log('migrate'), /up to date/)
})

test('a pooler for the app, which migrations go past', async () => {
  await using its = project('examples/compose/pooler.yaml', { POSTGRES_PASSWORD: 'app' })
  await its.expect('up', '--detach', '--wait')
  assert.match(await its.log('migrate'), /3 migrations applied/)
  await until('the app has its table through the pooler', async () => /All aboard/.test(await its.log('app')))
})

test('a service that stays: the app starts when it is healthy, and not when it fails', async () => {
  using working = cloneWorkingCopy()
  await using its = project('examples/compose/sidecar.yaml', { STATUS_PORT: '0' }, working)
  await its.expect('up', '--detach', '--wait')
  assert.match(await its.log('migrate'), /3 migrations applied/)
  assert.equal(await its.state('migrate'), 'running 0')
  await until('the app shows its table', async () => /All aboard/.test(await its.log('app')))
  const address = (await its.expect('port', 'migrate', '7300')).stdout.trim()
  assert.match(address, /^127\.0\.0\.1:/)
  assert.match(
    await (await fetch(`http://${address}/`)).text(),
    /<title>✓ slipway · postgres:\/\/app@db:5432\/app<\/title>/,
  )
  await its.expect('stop', 'migrate')
  assert.equal(await its.state('migrate'), 'exited 0')
  await its.expect('rm', '--force', '--stop', 'app', 'migrate')
  working.write({ 'migrations/20260401000000_broken.sql': 'select 1 / 0;\n' })
  const up = await its.compose('up', '--detach', '--wait')
  assert.equal(up.code, 1)
  assert.match(up.stderr, /exited \(70\)/)
  assert.equal(await its.state('app'), 'created 0')
})

test('the database of examples/app, migrated from the host', async () => {
  const port = `${await freePort()}`
  await using its = project('examples/app/compose.yaml', { DB_PORT: port })
  await its.expect('up', '--detach', '--wait')
  const env = { DATABASE_URL: `postgres://app:app@127.0.0.1:${port}/app` }
  const up = await slipway(['up'], { env, cwd: checkout.path('examples/app') })
  assert.equal(up.code, 0, up.stderr)
  assert.match(up.stderr, /1 migration applied/)
})

test('watch: a migration is applied as soon as it is written', async () => {
  using working = cloneWorkingCopy()
  await using its = project('examples/compose/watch.yaml', {}, working)
  await its.expect('up', '--build', '--detach', '--wait', 'db')
  await its.expect('up', '--build', '--detach', 'migrate')
  const watching = its.start('watch')
  try {
    await watching.waitForOutput(/[Ww]atch/)
    working.write({ 'migrations/20260402000000_more.sql': 'create table more (id integer);\n' })
    await until('it is applied', async () => /20260402000000_more/.test(await its.log('migrate')), {
      timeoutMs: 120_000,
      everyMs: 500,
    })
  } finally {
    watching.kill('SIGINT')
    await watching.done
  }
})
