/** docs/deploy/github-actions.md: the steps of its workflows are run in a repository, against PostgreSQL. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { test } from 'node:test'
import { cliPath, nodePath } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { wrongWords } from '../helpers/words.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'
import { blocksOf, commandsOf, fileOf } from './recipes.ts'
import { actionsOf, checkWorkflow } from './rules.ts'
import { play } from './stand-ins.ts'
import { type Job, ownWorkflows, readWorkflow, type Step } from './workflow.ts'

const names = ['migrations.yml', 'deploy.yml'] as const
const workflowOf = (name: string) => readWorkflow(name, fileOf('github-actions', `.github/workflows/${name}`))

for (const name of names)
  test(`${name} keeps the rules that our own workflows keep`, () => {
    const workflow = workflowOf(name)
    assert.deepEqual(checkWorkflow(workflow), [])
    const own = new Set(ownWorkflows().flatMap(actionsOf))
    assert.deepEqual(
      actionsOf(workflow).filter((action) => !own.has(action)),
      [],
    )
  })

interface Ran {
  /** The first step that failed, and how. */
  readonly failed?: { readonly step: string; readonly code: number | null; readonly printed: string }
  readonly calls: readonly (readonly string[])[]
}

/** Steps as GitHub runs them: after one that failed only those that always run. */
function runJob(job: Job, workspace: Workspace, db: TestDatabase): Ran {
  const url = (text: unknown) => (String(text).includes('postgres://') ? db.url() : String(text))
  const values = { 'github.base_ref': 'main', 'secrets.DATABASE_URL': db.url() }
  const env = Object.fromEntries(Object.entries(job.env ?? {}).map(([name, text]) => [name, url(text)]))
  const programs = { npm: '', npx: `shift\nexec "${nodePath}" "${cliPath}" "$@"` }
  const calls: (readonly string[])[] = []
  let failed: Ran['failed']
  for (const step of (job.steps ?? []).filter(({ run }) => run !== undefined)) {
    if (failed !== undefined && !step.if?.includes('always()')) continue
    const own = Object.entries(step.env ?? {}).map(([name, text]) => [name, fill(text, values)] as const)
    const scene = {
      workspace,
      programs,
      env: { ...env, ...Object.fromEntries(own), GITHUB_STEP_SUMMARY: workspace.path('summary') },
    }
    const played = play(scene, step.run ?? '')
    calls.push(...played.calls)
    if (played.code !== 0) failed ??= { step: nameOf(step), code: played.code, printed: played.printed }
  }
  return { calls, ...(failed === undefined ? {} : { failed }) }
}

const nameOf = (step: Step) => step.name ?? step.run ?? ''

function fill(text: unknown, values: Readonly<Record<string, string>>): string {
  return String(text).replaceAll(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    const value = values[expression]
    if (value === undefined) throw new Error(`nobody said what ${expression} is`)
    return value
  })
}

const first =
  '-- migrate:up\ncreate table ships (id integer primary key);\n-- migrate:down\ndrop table ships;\n'
const second =
  '-- migrate:up\nalter table ships add column name text;\n-- migrate:down\nalter table ships drop column name;\n'

/** A clone with the first migration on main, and a pull request that does `change`. */
function createRepository(change: Readonly<Record<string, string | undefined>>): Workspace {
  const workspace = createWorkspace({ 'repository/migrations/20260102000000_ships.sql': first })
  const git = (...args: string[]) => {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example']
    const cwd = workspace.path('repository')
    const { status, stderr } = spawnSync('git', [...who, ...args], { cwd, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '--message=main')
  git('update-ref', 'refs/remotes/origin/main', 'HEAD')
  workspace.write(
    Object.fromEntries(Object.entries(change).map(([file, text]) => [`repository/migrations/${file}`, text])),
  )
  git('add', '--all', '.')
  git('commit', '--quiet', '--allow-empty', '--message=change')
  const inside = workspace.path('repository')
  return {
    ...workspace,
    dir: inside,
    path: (...parts) => workspace.path('repository', ...parts),
    write: (files) =>
      workspace.write(
        Object.fromEntries(Object.entries(files).map(([file, text]) => [`repository/${file}`, text])),
      ),
    read: (file) => workspace.read(`repository/${file}`),
    has: (file) => workspace.has(`repository/${file}`),
  }
}

const tried = 'As the branch has them, and then as the pull request has them'

for (const [title, change, step, code, says] of [
  ['that fits', { '20260103000000_name.sql': second }, undefined, 0, /^/],
  [
    'that edits',
    { '20260102000000_ships.sql': `${first}-- edited\n` },
    tried,
    65,
    /was edited after it was applied/,
  ],
  [
    'that deletes',
    { '20260102000000_ships.sql': undefined, '20260103000000_x.sql': 'select 1;' },
    tried,
    65,
    /20260102000000_ships/,
  ],
  ['that comes late', { '20260101000000_late.sql': 'create table late (id integer);' }, tried, 65, /late/],
  [
    'with a down that leaves something',
    { '20260103000000_name.sql': second.replace('alter table ships drop column name', 'select 1') },
    'Up, down and up again',
    80,
    /name/,
  ],
] as const)
  test(`a pull request ${title}`, async () => {
    await using db = await createTestDatabase(newestMajor)
    using repository = createRepository(change)
    const job = workflowOf('migrations.yml').jobs.try
    assert.ok(job)
    const { failed } = runJob(job, repository, db)
    assert.equal(failed?.step, step, failed?.printed ?? '')
    if (failed === undefined) return
    assert.equal(failed.code, code, failed.printed)
    assert.match(failed.printed, says)
  })

/** With a `deploy.sh` that leaves a trace. */
async function deploy(
  migration: string,
): Promise<{ readonly ran: Ran; readonly out: boolean; readonly summary: string }> {
  await using db = await createTestDatabase(newestMajor)
  using repository = createRepository({ '20260103000000_name.sql': migration })
  repository.write({ 'deploy.sh': '#!/bin/sh\n: >out\n' })
  chmodSync(repository.path('deploy.sh'), 0o755)
  const job = workflowOf('deploy.yml').jobs.deploy
  assert.ok(job)
  const ran = runJob(job, repository, db)
  return { ran, out: repository.has('out'), summary: repository.read('summary') }
}

test('a deployment', async () => {
  const { ran, out, summary } = await deploy(second)
  assert.deepEqual(ran.failed, undefined)
  assert.ok(out)
  assert.match(summary, /20260103000000_name/)
})

test('a deployment whose migration fails', async () => {
  const { ran, out, summary } = await deploy(second.replace('ships add', 'boats add'))
  assert.equal(ran.failed?.step, 'Migrate')
  assert.equal(ran.failed.code, 70, ran.failed.printed)
  assert.ok(!out)
  assert.match(summary, /pending/)
})

test('with the image', () => {
  using workspace = createWorkspace()
  const env = { IMAGE: 'registry.example/shop-migrations:1.4.0', SLIPWAY_DATABASE_URL: 'postgres://a:b@c/d' }
  const played = play({ workspace, programs: { docker: '' }, env }, commandsOf('github-actions').join('\n'))
  assert.equal(played.code, 0, played.printed)
  const words = (played.calls[0] ?? []).slice((played.calls[0] ?? []).indexOf(env.IMAGE) + 1)
  assert.deepEqual(words, ['up'])
  assert.deepEqual(wrongWords(words), [])
  assert.ok(!played.calls.flat().join(' ').includes('postgres://'))
})

test('there is no other command on the page', () => {
  const shell = blocksOf('github-actions').filter(({ language }) => language === 'sh')
  assert.equal(shell.length, commandsOf('github-actions').length)
})
