/** docs/deploy/cloud-run.md and docs/deploy/ecs.md, with stand-ins for the clouds' own programs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { parsePostgres } from '../helpers/connect.ts'
import { wrongVariables, wrongWords } from '../helpers/words.ts'
import { createWorkspace } from '../helpers/workspace.ts'
import { yaml } from './packages.ts'
import { blocksOf, commandsOf, fileOf } from './recipes.ts'
import { type Played, play } from './stand-ins.ts'

const cloud = {
  REGION: 'europe-west1',
  REPOSITORY: 'registry.example/shop',
  INSTANCE: 'project:region:instance',
}
const cluster = {
  CLUSTER: 'harbour',
  SUBNETS: 'subnet-1',
  SECURITY_GROUPS: 'sg-1',
  SERVICE_DEFINITION: 'shop:7',
}

/** What follows a flag, `--flag=value` or `--flag value`. */
function flag(call: readonly string[], name: string): string | undefined {
  const joined = call.find((word) => word.startsWith(`${name}=`))
  if (joined !== undefined) return joined.slice(name.length + 1)
  const index = call.indexOf(name)
  return index === -1 ? undefined : call[index + 1]
}

function deployToRun(gcloud: string): Played {
  using workspace = createWorkspace({ 'deploy.sh': fileOf('cloud-run', 'deploy.sh') })
  return play({ workspace, programs: { gcloud }, env: cloud }, 'bash deploy.sh 1.4.0')
}

test('Cloud Run: the job, and then the service', () => {
  const { code, calls, printed } = deployToRun('')
  assert.equal(code, 0, printed)
  assert.deepEqual(
    calls.map((call) => call.slice(0, 5).filter((word) => !word.startsWith('--'))),
    [
      ['gcloud', 'run', 'jobs', 'deploy', 'shop-migrate'],
      ['gcloud', 'run', 'jobs', 'execute', 'shop-migrate'],
      ['gcloud', 'run', 'deploy', 'shop'],
    ],
  )
  const [job = [], execution = []] = calls
  assert.equal(flag(job, '--image'), 'registry.example/shop/shop-migrations:1.4.0')
  assert.equal(flag(job, '--max-retries'), '0')
  assert.ok(execution.includes('--wait'))
})

test('Cloud Run: a job that fails holds the service back', () => {
  const { code, calls } = deployToRun(`case $* in *execute*) exit 1 ;; esac`)
  assert.equal(code, 1)
  assert.equal(calls.length, 2)
})

test('Cloud Run: what is said to slipway', () => {
  using workspace = createWorkspace()
  const script = [
    fileOf('cloud-run', 'deploy.sh').replace('${1:?the tag to deploy}', '1.4.0'),
    ...commandsOf('cloud-run'),
  ]
  const { code, calls, printed } = play(
    { workspace, programs: { gcloud: '' }, env: cloud },
    script.join('\n'),
  )
  assert.equal(code, 0, printed)
  const said = calls.flatMap((call) => flag(call, '--args') ?? []).map((args) => args.split(','))
  assert.deepEqual(said, [['up'], ['status'], ['up', '--dry-run']])
  assert.deepEqual(said.flatMap(wrongWords), [])
  const names = calls
    .flatMap((call) =>
      ['--set-env-vars', '--update-env-vars', '--set-secrets'].map((name) => flag(call, name)),
    )
    .flatMap((value) => value?.split(',').map((pair) => pair.split('=')[0] ?? '') ?? [])
  assert.ok(names.includes('SLIPWAY_DATABASE_URL_FILE'), names.join())
  assert.deepEqual(wrongVariables(names), [])
})

test('Cloud Run: the URL goes through the socket', () => {
  const [url] = blocksOf('cloud-run').filter(({ words }) => words.includes('url'))
  const { hosts } = parsePostgres(url?.text.trim() ?? '')
  assert.match(JSON.stringify(hosts), /\/cloudsql\/project:region:instance/)
})

interface RunContainer {
  readonly name: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string }[]
  readonly ports?: unknown
  readonly startupProbe?: { readonly periodSeconds: number; readonly failureThreshold: number }
}
interface RunService {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
      readonly spec: { readonly containers: readonly RunContainer[] }
    }
  }
}

test('Cloud Run: the service with two containers', () => {
  const { template } = (yaml.parse(fileOf('cloud-run', 'service.yaml')) as RunService).spec
  const dependencies = template.metadata.annotations['run.googleapis.com/container-dependencies'] ?? ''
  assert.deepEqual(JSON.parse(dependencies), { app: ['migrate'] })
  const { containers } = template.spec
  assert.deepEqual(
    containers.map(({ name, ports }) => [name, ports !== undefined]),
    [
      ['app', true],
      ['migrate', false],
    ],
  )
  const migrate = containers[1]
  assert.deepEqual(wrongWords(migrate?.args ?? []), [])
  assert.deepEqual(wrongVariables(migrate?.env?.map(({ name }) => name) ?? []), [])
  const { periodSeconds = 0, failureThreshold = 0 } = migrate?.startupProbe ?? {}
  assert.equal(periodSeconds * failureThreshold, 240)
})

/** Two looks at the task: it runs, and then it has stopped as `end` says. */
const aws = (task: string, end: string) => `case "$1 $2 $*" in
  'ecs register'*) echo arn:task-definition/shop-migrate:4 ;;
  'ecs run-task'*) echo ${task} ;;
  'ecs describe-tasks'*lastStatus*) [ -e seen ] && echo STOPPED || { : >seen; echo RUNNING; } ;;
  'ecs describe-tasks'*) printf '%s\\t%s\\n' ${end} 'Essential container in task exited' ;;
esac`

function deployToEcs(task: string, end: string): Played {
  using workspace = createWorkspace({
    'deploy.sh': fileOf('ecs', 'deploy.sh'),
    'migrate.json': fileOf('ecs', 'migrate.json'),
  })
  const env = { ...cluster, POLL_SECONDS: '0' }
  return play({ workspace, programs: { aws: aws(task, end) }, env }, 'bash deploy.sh')
}

test('ECS: the task, and then the service', () => {
  const { code, calls, printed } = deployToEcs('arn:task/1', '0')
  assert.equal(code, 0, printed)
  assert.deepEqual(
    calls.map(([, , verb]) => verb),
    [
      ...['register-task-definition', 'run-task', 'describe-tasks', 'describe-tasks', 'describe-tasks'],
      ...['update-service', 'wait'],
    ],
  )
  const [, task = []] = calls
  assert.equal(flag(task, '--task-definition'), 'arn:task-definition/shop-migrate:4')
})

for (const [title, task, end, expected] of [
  ['a migration that failed', 'arn:task/1', '70', 70],
  ['a lock that was not free', 'arn:task/1', '75', 75],
  ['a task that never ran', 'arn:task/1', 'None', 69],
  ['no capacity', 'None', '0', 69],
] as const)
  test(`ECS: ${title} holds the service back`, () => {
    const { code, calls } = deployToEcs(task, end)
    assert.equal(code, expected)
    assert.ok(!calls.some((call) => call.includes('update-service')))
  })

interface EcsContainer {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly essential: boolean
  readonly environment?: readonly { readonly name: string }[]
  readonly secrets?: readonly { readonly name: string }[]
  readonly dependsOn?: readonly { readonly containerName: string; readonly condition: string }[]
  readonly startTimeout?: number
  readonly stopTimeout?: number
}

for (const file of ['migrate.json', 'service.json'])
  test(`ECS: ${file}`, () => {
    const { containerDefinitions: containers } = JSON.parse(fileOf('ecs', file)) as {
      containerDefinitions: readonly EcsContainer[]
    }
    const [migrate, app] = containers
    assert.ok(migrate)
    assert.deepEqual(wrongWords(migrate.command ?? []), [])
    const names = [...(migrate.environment ?? []), ...(migrate.secrets ?? [])].map(({ name }) => name)
    assert.ok(names.includes('SLIPWAY_DATABASE_URL'))
    assert.deepEqual(wrongVariables(names), [])
    // What Fargate takes.
    assert.ok((migrate.stopTimeout ?? 30) <= 120)
    assert.ok((migrate.startTimeout ?? 2) <= 120)
    // Of two, the one that ends is not essential, and its success is waited for.
    assert.equal(migrate.essential, app === undefined)
    if (app !== undefined)
      assert.deepEqual(app.dependsOn, [{ containerName: migrate.name, condition: 'SUCCESS' }])
  })

test('ECS: the other commands', () => {
  using workspace = createWorkspace()
  const env = { ...cluster, network: 'awsvpcConfiguration={}' }
  const { code, calls } = play({ workspace, programs: { aws: '' }, env }, commandsOf('ecs').join('\n'))
  assert.equal(code, 0)
  const overrides = calls.flatMap((call) => flag(call, '--overrides') ?? [])
  assert.equal(overrides.length, 1)
  const { containerOverrides } = JSON.parse(overrides[0] ?? '') as {
    containerOverrides: readonly { readonly name: string; readonly command: readonly string[] }[]
  }
  assert.deepEqual(
    containerOverrides.map(({ name }) => name),
    ['migrate'],
  )
  assert.deepEqual(
    containerOverrides.flatMap(({ command }) => wrongWords(command)),
    [],
  )
})

const withoutShellcheck =
  spawnSync('shellcheck', ['--version']).status === 0 ? false : 'shellcheck is not installed'

for (const recipe of ['cloud-run', 'ecs'] as const)
  test(`shellcheck finds nothing in deploy.sh of ${recipe}.md`, { skip: withoutShellcheck }, () => {
    const { status, stdout } = spawnSync('shellcheck', ['-'], {
      input: fileOf(recipe, 'deploy.sh'),
      encoding: 'utf8',
    })
    assert.equal(status, 0, stdout)
  })
