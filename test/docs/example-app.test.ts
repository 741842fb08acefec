/** examples/app/: its Makefile, word by word, on both databases. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { cliPath, nodePath } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

const app = join(import.meta.dirname, '../../examples/app')

/** Where TEST_MAKE is `required` it must be there. */
const skip =
  process.env.TEST_MAKE === 'required' || spawnSync('make', ['--version']).status === 0
    ? false
    : 'make is not installed (apt-get install make)'

interface Made {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function openApp(): Workspace {
  const workspace = createWorkspace({
    'bin/npx': `#!/bin/sh\nshift\nexec "${nodePath}" "${cliPath}" "$@"\n`,
    'bin/docker': '#!/bin/sh\necho "docker $*"\n',
  })
  for (const program of ['npx', 'docker']) chmodSync(workspace.path('bin', program), 0o755)
  cpSync(app, workspace.path('app'), { recursive: true })
  return workspace
}

function make(workspace: Workspace, words: readonly string[], url?: string): Made {
  const { status, stdout, stderr } = spawnSync('make', words, {
    cwd: workspace.path('app'),
    encoding: 'utf8',
    env: {
      PATH: [workspace.path('bin'), process.env.PATH].join(delimiter),
      HOME: workspace.dir,
      DATABASE_URL: url,
    },
    timeout: 60_000,
  })
  return { code: status, stdout, stderr }
}

function makes(workspace: Workspace, words: readonly string[], url: string): string {
  const { code, stdout, stderr } = make(workspace, words, url)
  assert.equal(code, 0, `make ${words.join(' ')}: ${stdout}${stderr}`)
  return stdout + stderr
}

function useEveryWord(workspace: Workspace, url: string): void {
  assert.match(makes(workspace, ['plan'], url), /create_users/)
  makes(workspace, ['migrate'], url)
  assert.match(makes(workspace, ['status'], url), /1 applied, 0 pending/)

  const column = 'flags=--template add-column --table users --column email:text --sql'
  makes(workspace, ['new', 'name=add_user_email', column], url)
  assert.equal(readdirSync(workspace.path('app/migrations')).length, 2)
  assert.match(makes(workspace, ['status'], url), /1 applied, 1 pending/)
  makes(workspace, ['check', 'migrate'], url)
  assert.match(makes(workspace, ['history'], url), /add_user_email/)

  makes(workspace, ['rollback'], url)
  assert.match(makes(workspace, ['status'], url), /1 applied, 1 pending/)
  makes(workspace, ['reset'], url)
  assert.match(makes(workspace, ['status'], url), /2 applied, 0 pending/)
  makes(workspace, ['doctor'], url)
}

test('on SQLite', { skip }, () => {
  using workspace = openApp()
  useEveryWord(workspace, 'sqlite:app.db')
})

test('on PostgreSQL', { skip }, async () => {
  await using db = await createTestDatabase(newestMajor)
  using workspace = openApp()
  useEveryWord(workspace, db.url())
})

test('make alone lists every word', { skip }, () => {
  using workspace = openApp()
  const { code, stdout } = make(workspace, [])
  assert.equal(code, 0)
  const listed = [...stdout.matchAll(/^ {2}make (\w+) +\S/gm)].map(({ 1: word }) => word)
  const [, phony = ''] = /^\.PHONY: (.*)$/m.exec(readFileSync(join(app, 'Makefile'), 'utf8')) ?? []
  assert.deepEqual(listed, phony.split(' '))
})

test('a name that is missing is asked for, and one with anything in it is only a name', { skip }, () => {
  using workspace = openApp()
  const missing = make(workspace, ['new'], 'sqlite:app.db')
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /which name\? make new name=/)
  make(workspace, ['new', 'name=a"; touch trace; echo "$$(touch trace)'], 'sqlite:app.db')
  assert.ok(!workspace.has('app/trace'))
})

test('the database is that of compose.yaml, unless one is given', { skip }, () => {
  using workspace = openApp()
  const { stdout } = make(workspace, ['db', 'stop'])
  assert.match(stdout, /^docker compose up --detach --wait$/m)
  assert.match(stdout, /^docker compose down$/m)
  const { stderr } = make(workspace, [
    'status',
    'DB_PORT=1',
    'SLIPWAY=npx slipway status --wait-timeout 0 &&:',
  ])
  assert.match(stderr, /app@localhost:1\/app/)
})
