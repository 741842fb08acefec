/** stdout carries results, stderr carries logs; what each of them looks like where. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { cliPath, nodePath, slipway, startSlipway } from '../helpers/cli.ts'
import { createTestDatabase, newestMajor, type TestDatabase } from '../helpers/postgres.ts'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'

let db: TestDatabase
let workspace: Workspace
const options = (env: Readonly<Record<string, string | undefined>> = {}) => ({
  cwd: workspace.dir,
  env: { SLIPWAY_DATABASE_URL: db.url(), ...env },
})

before(async () => {
  db = await createTestDatabase(newestMajor)
  workspace = createWorkspace({
    'migrations/0001_a.sql': 'create table a (id integer);',
    'migrations/0002_b.sql': 'create table b (id integer);',
  })
})
after(async () => {
  await db[Symbol.asyncDispose]()
  workspace[Symbol.dispose]()
})

test('up prints nothing on stdout, and a line of JSON on stderr for each event', async () => {
  const { code, stdout, stderr } = await slipway(['up', '--steps', '1'], options({ LOG_LEVEL: 'debug' }))
  assert.deepEqual([code, stdout], [0, ''], stderr)
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  for (const { level, time, event, verb, msg } of lines) {
    assert.match(String(level), /^(debug|info|warn|error)$/)
    assert.equal(new Date(String(time)).toISOString(), time)
    assert.ok([event, verb, msg].every((value) => typeof value === 'string' && value !== ''))
  }
  assert.deepEqual(
    [...new Set(lines.map(({ event }) => event))],
    [
      'run-started',
      'connected',
      'lock-acquired',
      'planned',
      'step-started',
      'statement-finished',
      'step-finished',
      'run-finished',
    ],
  )
  assert.equal(new Set(lines.slice(1).map(({ runId }) => runId)).size, 1)
})

describe('results as JSON', () => {
  for (const [args, keys] of [
    [
      ['status', '--json'],
      ['database', 'migrations'],
    ],
    [['history', '--json'], ['database']],
    [['history', '--json', '--all'], ['database']],
    [['verify', '--json'], ['database']],
    [
      ['version', '--json'],
      ['slipway', 'node', 'sqlite'],
    ],
  ] as const)
    test(args.join(' '), async () => {
      // Colours that are forced do not get into JSON.
      const { code, stdout, stderr } = await slipway(args, options({ FORCE_COLOR: '1' }))
      assert.equal(code, 0, stderr)
      const result = JSON.parse(stdout)
      for (const key of keys) assert.ok(key in result, `${key} in ${stdout}`)
      assert.ok(stdout.endsWith('}\n'))
    })
})

describe('colours', () => {
  const introducer = '\u001b['
  for (const [env, isColoured] of [
    [{}, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ] as const)
    test(`${JSON.stringify(env)}: ${isColoured}`, async () => {
      const { stdout } = await slipway(['status'], options(env))
      assert.match(stdout, /0001_a/)
      assert.equal(stdout.includes(introducer), isColoured)
      const pretty = await slipway(
        ['up', '--dry-run', '--to', 'nothing'],
        options({ ...env, SLIPWAY_LOG_FORMAT: 'pretty' }),
      )
      assert.equal(pretty.stderr.includes(introducer), isColoured)
    })
})

test('the trace of the caller is on every line', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const { stderr } = await slipway(['verify'], options({ TRACEPARENT: traceparent }))
  for (const line of stderr.trimEnd().split('\n')) assert.equal(JSON.parse(line).traceparent, traceparent)
  const forged = await slipway(['verify'], options({ TRACEPARENT: '"}\nforged' }))
  assert.doesNotMatch(forged.stderr, /forged/)
})

describe('a reader that goes away', () => {
  for (const [name, command] of [
    ['of stdout', `"$0" "$1" status --json 2>/dev/null | head -c 1`],
    ['of stderr', `"$0" "$1" up 2>&1 >/dev/null | head -c 1`],
    ['of both, at once', `"$0" "$1" history 2>&1 | true`],
  ] as const)
    test(name, async () => {
      const script = `set -o pipefail; ${command}; echo "code \${PIPESTATUS[0]}" >&2`
      const { stderr } = await slipway([], {
        ...options(),
        command: ['bash', '-c', script, nodePath, cliPath],
      })
      assert.equal(stderr, 'code 0\n')
    })
})

test('LOG_LEVEL=silent says nothing, error only errors, and the code stays', async () => {
  const failing = { SLIPWAY_DIR: 'nowhere' }
  const silent = await slipway(['up'], options({ ...failing, LOG_LEVEL: 'silent' }))
  assert.deepEqual([silent.code, silent.stdout, silent.stderr], [66, '', ''])
  const { code, stderr } = await slipway(['up'], options({ ...failing, LOG_LEVEL: 'error' }))
  assert.deepEqual([code, stderr.trimEnd().split('\n').length], [66, 1])
})

/** util-linux; other systems have a program of that name with other flags. */
const hasScript =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true

describe('on a terminal', { skip: hasScript ? false : 'needs script of util-linux' }, () => {
  const onTerminal = (columns: number, args: string) => {
    const command = `stty cols ${columns}; exec '${nodePath}' '${cliPath}' ${args}`
    return startSlipway([], { ...options(), command: ['script', '-qec', command, '/dev/null'] })
  }

  for (const [index, columns] of [100, 0].entries())
    test(`a long statement shows how long it runs already, ${columns} columns wide`, async () => {
      const name = `${index + 10}_slow`
      workspace.write({ [`migrations/${name}.sql`]: 'select pg_sleep(2);' })
      const running = onTerminal(columns, 'up')
      await running.waitForOutput(new RegExp(`▸ ${name}  1 s, 0 of 1 statements done`))
      const { code } = await running.done
      assert.equal(code, 0, running.output())
      const text = stripVTControlCharacters(running.output())
      assert.match(text, new RegExp(`✓ ${name} +2(\\.\\d)? s`))
      assert.match(text, /✓ \d migrations? applied/)
      assert.doesNotMatch(text, /"level"/)
      assert.ok(running.output().includes('\u001b[2K'), 'no line was drawn again')
    })
})

test('an older Node: one plain line', async (t) => {
  const candidates = ['/usr/bin/node', '/usr/local/bin/node', '/usr/bin/nodejs']
  const old = candidates.find((path) => {
    const [major = 99, minor = 0] = (
      spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout ?? ''
    )
      .split('.')
      .map(Number)
    return major > 0 && (major < 22 || (major === 22 && minor < 18))
  })
  if (old === undefined) return t.skip('this machine has no Node older than 22.18')
  const result = await slipway(['up'], { ...options(), command: [old, cliPath] })
  assert.deepEqual([result.code, result.stdout], [78, ''])
  assert.match(result.stderr, /^slipway needs Node 22\.18 or later; this is Node \d+\.\d+\.\d+ \(\/.*\)\n$/)
})
