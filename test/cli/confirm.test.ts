/** A terminal is asked before history is changed; every answer but yes changes nothing. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { cliPath } from '../helpers/cli.ts'
import { readSqlite } from '../helpers/sqlite.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

/** Runs a program in a terminal of its own; https://man7.org/linux/man-pages/man1/script.1.html */
const hasTerminal = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '')
const skip = hasTerminal ? false : 'needs the program `script` of util-linux'

interface Talk {
  readonly code: number | null
  readonly shown: string
}

/** Types `answer` once the question is there. */
function talk(workspace: Workspace, args: string, answer: string): Promise<Talk> {
  const child = spawn('script', ['-qec', `'${process.execPath}' '${cliPath}' ${args}`, '/dev/null'], {
    cwd: workspace.dir,
    env: { PATH: process.env.PATH, SLIPWAY_DATABASE_URL: 'sqlite:app.db', NO_COLOR: '1' },
  })
  const deadline = setTimeout(() => child.kill('SIGKILL'), 60_000)
  let shown = ''
  let asked = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    if (asked || !shown.includes('Go on? [y/N]')) return
    asked = true
    child.stdin.write(answer)
  })
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(deadline)
      resolve({ code, shown: stripVTControlCharacters(shown).replaceAll('\r', '') })
    })
  })
}

const files = {
  'migrations/0001_a.sql': 'create table a (id integer);',
  'migrations/0002_b.sql': 'select 1;',
}

for (const answer of ['y\r', 'YES\r'])
  test(`stamp at a terminal: ${answer.trim()}`, { skip }, async () => {
    using workspace = createWorkspace(files)
    const { code, shown } = await talk(workspace, 'stamp head', answer)
    assert.equal(code, 0, shown)
    assert.match(
      shown,
      /^2 migrations to record as applied, without running[\s\S]*^ {2}0001_a\n {2}0002_b\n\nGo on\?/m,
    )
    assert.match(shown, /✓ 2 changes of history; no migration was run/)
    assert.equal(readSqlite(workspace.path('app.db'), 'select * from schema_migrations').length, 2)
  })

for (const [name, answer, exit] of [
  ['no', 'n\r', 79],
  ['nothing', '\r', 79],
  ['something else', 'yesterday\r', 79],
  ['the end of the input', '\u0004', 79],
  ['Ctrl-C', '\u0003', 130],
] as const)
  test(`stamp at a terminal: ${name}`, { skip }, async () => {
    using workspace = createWorkspace(files)
    const { code, shown } = await talk(workspace, 'stamp head', answer)
    assert.equal(code, exit, shown)
    assert.match(
      shown,
      exit === 79 ? /✗ slipway stamp was not confirmed; nothing was changed/ : /stopped by SIGINT/,
    )
    assert.equal(workspace.has('app.db'), false)
  })

test('repair at a terminal shows the lines that differ', { skip }, async () => {
  using workspace = createWorkspace(files)
  const env = { ...process.env, SLIPWAY_DATABASE_URL: 'sqlite:app.db' }
  assert.equal(spawnSync(process.execPath, [cliPath, 'up'], { cwd: workspace.dir, env }).status, 0)
  workspace.write({ 'migrations/0002_b.sql': 'select 2;' })
  const { code, shown } = await talk(workspace, 'repair --accept b', 'y\r')
  assert.equal(code, 0, shown)
  assert.match(
    shown,
    /-select 1;[\s\S]*\+select 2;[\s\S]*this would accept the edited text of 0002_b[\s\S]*Go on\?/,
  )
})
