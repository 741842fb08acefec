import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Command, parseArguments } from '../../../src/config/arguments.ts'
import type { SettingFlags } from '../../../src/config/settings.ts'
import { isSlipwayError } from '../../../src/errors.ts'

const down = {
  verb: 'down',
  to: undefined,
  steps: undefined,
  fromHistory: false,
  dryRun: false,
  json: false,
  backup: false,
  requireBackupMs: undefined,
  allowsLoss: false,
  confirmed: undefined,
  safetyOff: false,
} as const
const reach = { to: undefined, steps: undefined } as const
const up = { verb: 'up', ...reach, dryRun: false, rehearse: false, together: false } as const
const blank = {
  verb: 'new',
  name: 'add_users',
  template: undefined,
  form: 'typescript',
  dialect: undefined,
  values: {},
  variables: new Map(),
} as const
const help = { verb: 'help', topic: undefined } as const

const accepted: readonly (readonly [string, Command, SettingFlags?])[] = [
  ['', help],
  ['--help', help],
  ['-h', help],
  ['help', help],
  ['help up', { verb: 'help', topic: 'up' }],
  ['--help up', { verb: 'help', topic: 'up' }],
  ['up --help', { verb: 'help', topic: 'up' }],
  ['up --to x -h', { verb: 'help', topic: 'up' }],
  ['--version', { verb: 'version', json: false }],
  ['-v', { verb: 'version', json: false }],
  ['--version --json', { verb: 'version', json: true }],
  ['version', { verb: 'version', json: false }],
  ['up', up],
  ['down', down],
  ['down --to -2', { ...down, to: '-2' }],
  ['down --steps 3 --from-history --json', { ...down, steps: 3, fromHistory: true, json: true }],
  ['down --require-backup 24h --confirm app', { ...down, requireBackupMs: 86_400_000, confirmed: 'app' }],
  ['down --allow-data-loss --no-safety-checks', { ...down, allowsLoss: true, safetyOff: true }],
  ['down --backup --no-dry-run', { ...down, backup: true }],
  ['up --to 2026', { ...up, to: '2026' }],
  ['up --to=add_users', { ...up, to: 'add_users' }],
  ['up --to -1', { ...up, to: '-1' }],
  ['up --to +2', { ...up, to: '+2' }],
  ['up --steps 3', { ...up, steps: 3 }],
  ['up --steps=10', { ...up, steps: 10 }],
  ['up --dry-run', { ...up, dryRun: true }],
  ['up --rehearse --steps 2', { ...up, rehearse: true, steps: 2 }],
  ['sql', { verb: 'sql', direction: 'up', from: undefined, to: undefined }],
  ['sql --down --from 0003 --to base', { verb: 'sql', direction: 'down', from: '0003', to: 'base' }],
  ['roundtrip --all --json', { verb: 'roundtrip', all: true, json: true }],
  ['dump --baseline', { verb: 'dump', output: undefined, force: false, owners: false }],
  [
    'dump --baseline --output - --force --owner --dir m',
    { verb: 'dump', output: '-', force: true, owners: true },
    { dir: 'm' },
  ],
  ['up --single-transaction', { ...up, together: true }],
  ['up --no-dry-run', up],
  ['up --dry-run=false', up],
  ['up --dir ./m', up, { dir: './m' }],
  ['up --dir=./m', up, { dir: './m' }],
  ['up --table=-odd', up, { table: '-odd' }],
  ['up --report -', up, { report: '-' }],
  ['up --table=a=b', up, { table: 'a=b' }],
  ['up --allow-empty', up, { allowEmpty: 'true' }],
  ['up --no-allow-empty', up, { allowEmpty: 'false' }],
  ['up --lock-timeout nonsense', up, { lockTimeout: 'nonsense' }],
  ['status --json --exit-code', { verb: 'status', json: true, exitCode: true }],
  ['history --all', { verb: 'history', json: false, all: true }],
  ['verify --json', { verb: 'verify', json: true }],
  ['config --json', { verb: 'config', json: true }],
  ['wait', { verb: 'wait', timeoutMs: 600_000, for: 'migrations' }],
  ['wait --timeout 2m --for database', { verb: 'wait', timeoutMs: 120_000, for: 'database' }],
  ['wait --timeout 0', { verb: 'wait', timeoutMs: 0, for: 'migrations' }],
  ['exec -- node server.js', { verb: 'exec', command: ['node', 'server.js'] }],
  ['exec -- node --help --dir x', { verb: 'exec', command: ['node', '--help', '--dir', 'x'] }],
  ['exec -- sh -- -c', { verb: 'exec', command: ['sh', '--', '-c'] }],
  ['exec --dir m -- app', { verb: 'exec', command: ['app'] }, { dir: 'm' }],
  ['stamp head', { verb: 'stamp', target: 'head', only: false, dryRun: false, yes: false }],
  ['stamp +2 --only --yes', { verb: 'stamp', target: '+2', only: true, dryRun: false, yes: true }],
  ['stamp --dry-run -- 0001', { verb: 'stamp', target: '0001', only: false, dryRun: true, yes: false }],
  ['repair', { verb: 'repair', request: undefined, yes: false }],
  ['repair --accept all --yes', { verb: 'repair', request: { action: 'accept', name: 'all' }, yes: true }],
  ['repair --finished 3', { verb: 'repair', request: { action: 'finished', name: '3' }, yes: false }],
  ['repair --retry=-x', { verb: 'repair', request: { action: 'retry', name: '-x' }, yes: false }],
  ['repair --forget a', { verb: 'repair', request: { action: 'forget', name: 'a' }, yes: false }],
  ['doctor', { verb: 'doctor', json: false, timeoutMs: 5000 }],
  ['doctor --json --timeout 0', { verb: 'doctor', json: true, timeoutMs: 0 }],
  ['unlock', { verb: 'unlock', terminate: false, json: false, yes: false }],
  ['unlock --terminate --yes', { verb: 'unlock', terminate: true, json: false, yes: true }],
  ['new add_users', blank],
  ['new add_users --sql', { ...blank, form: 'sql' }],
  ['new --sql add_users --dir m', { ...blank, form: 'sql' }, { dir: 'm' }],
  ['new add_users --sql --pair --dialect sqlite', { ...blank, form: 'sql-pair', dialect: 'sqlite' }],
  [
    'new add_users --template create-table --table users --column a:text --column b:text --timestamps --no-soft-delete',
    {
      ...blank,
      template: 'create-table',
      values: { table: 'users', column: ['a:text', 'b:text'], timestamps: true },
    },
  ],
  [
    'new add_users --template own --var a=b=c',
    { ...blank, template: 'own', variables: new Map([['a', 'b=c']]) },
  ],
  ['new a --templates t', { ...blank, name: 'a' }, { templates: 't' }],
  ['templates --json', { verb: 'templates', json: true }],
]

for (const [line, command, flags] of accepted)
  test(`slipway ${line}`, () => {
    assert.deepEqual(parseArguments(split(line)), { command, flags: flags ?? {} })
  })

/** Line, code, message, hint. */
const refused: readonly (readonly [string, string, RegExp, RegExp])[] = [
  ['statsu', 'unknown-verb', /"statsu"/, /did you mean: slipway status/],
  ['UP', 'unknown-verb', /"UP"/, /slipway up/],
  ['constructor', 'unknown-verb', /"constructor"/, /slipway --help/],
  ['help statsu', 'unknown-verb', /"statsu"/, /slipway status/],
  ['migrate', 'unknown-verb', /"migrate"/, /^slipway up$/],
  ['upgrade head', 'unknown-verb', /"upgrade"/, /^slipway up$/],
  ['deploy', 'unknown-verb', /"deploy"/, /^slipway up$/],
  ['latest', 'unknown-verb', /"latest"/, /^slipway up$/],
  ['apply', 'unknown-verb', /"apply"/, /^slipway up$/],
  ['init', 'unknown-verb', /"init"/, /slipway up$/],
  ['current', 'unknown-verb', /"current"/, /^slipway status$/],
  ['rollback', 'unknown-verb', /"rollback"/, /^slipway down$/],
  ['redo', 'unknown-verb', /"redo"/, /^slipway down && slipway up$/],
  ['goto 7', 'unknown-verb', /"goto"/, /^slipway up --to TARGET$/],
  ['import', 'unknown-verb', /"import"/, /^slipway adopt$/],
  ['revision -m x', 'unknown-verb', /"revision"/, /slipway new NAME/],
  ['create x', 'unknown-verb', /"create"/, /slipway new NAME/],
  ['generate', 'unknown-verb', /"generate"/, /slipway new NAME/],
  ['make', 'unknown-verb', /"make"/, /slipway new NAME/],
  ['--dry-run', 'unknown-verb', /give a verb first, then --dry-run/, /slipway up --dry-run/],
  ['--dir=x up', 'unknown-verb', /give a verb first, then --dir$/, /slipway up --dir/],
  ['-x', 'unknown-verb', /give a verb first/, /slipway --help/],
  ['up --dryrun', 'unknown-flag', /no flag --dryrun/, /did you mean --dry-run/],
  ['up --lock-timeuot 5s', 'unknown-flag', /no flag --lock-timeuot/, /--lock-timeout/],
  [
    'up --json',
    'unknown-flag',
    /no flag --json; it belongs to down, status, history, verify, adopt, roundtrip, doctor, unlock, templates, config, version/,
    /up --help/,
  ],
  ['up --no-dir', 'unknown-flag', /no flag --no-dir/, /--help/],
  ['up -x', 'unknown-flag', /no flag -x/, /--help/],
  ['up -1', 'unknown-flag', /no flag -1/, /--help/],
  ['version --dir x', 'unknown-flag', /no flag --dir/, /version --help/],
  ['up --to', 'bad-argument', /--to needs a value/, /up --help/],
  ['up --to=', 'bad-argument', /--to needs a value/, /up --help/],
  ['up --to --steps 1', 'bad-argument', /--to needs a value/, /up --help/],
  ['up --dir --', 'bad-argument', /--dir needs a value/, /up --help/],
  ['up --dir a --dir b', 'bad-argument', /--dir is given twice/, /up --help/],
  ['up --dry-run --no-dry-run', 'bad-argument', /--dry-run is given twice/, /up --help/],
  ['up --no-dry-run=true', 'bad-argument', /--no-dry-run takes no value/, /up --help/],
  ['up --to a --steps 1', 'bad-argument', /--to and --steps/, /one of them/],
  ['up add_users', 'bad-argument', /"add_users"/, /slipway up --to add_users/],
  ['status all', 'bad-argument', /"all"/, /status --help/],
  ['help up status', 'bad-argument', /"status"/, /help --help/],
  ['new', 'bad-argument', /needs a name/, /slipway new/],
  ['new add users', 'bad-argument', /one name/, /slipway new add_users/],
  ['exec', 'bad-argument', /needs a command/, /exec -- COMMAND/],
  ['exec --', 'bad-argument', /needs a command/, /exec -- COMMAND/],
  ['exec node server.js', 'bad-argument', /must follow --/, /-- COMMAND/],
  ['exec node -- server.js', 'bad-argument', /must follow --/, /-- COMMAND/],
  ['up --steps 0', 'bad-value', /--steps .*"0"/, /up --help/],
  ['up --steps -1', 'bad-value', /--steps .*"-1"/, /up --help/],
  ['up --steps 1.5', 'bad-value', /--steps .*"1.5"/, /up --help/],
  ['up --dry-run=maybe', 'bad-value', /--dry-run .*"maybe"/, /--no-dry-run/],
  ['wait --timeout 5', 'bad-value', /--timeout .*"5"/, /wait --help/],
  ['wait --timeout 9000h', 'bad-value', /--timeout .*at most 596h/, /wait --help/],
  ['wait --for godot', 'bad-value', /--for .*"godot"/, /wait --help/],
]

for (const [line, code, message, hint] of refused)
  test(`slipway ${line} is refused with ${code}`, () => {
    const error = catchError(() => parseArguments(split(line)))
    assert.ok(isSlipwayError(error))
    assert.equal(error.code, code)
    assert.equal(error.exitCode, 64)
    assert.match(error.message, message)
    assert.match(error.hint, hint)
  })

const url = 'postgres://app:hunter2@db/app'
for (const line of [
  url,
  `up ${url}`,
  `status --${url}`,
  `help ${url}`,
  `--${url}`,
  `exec ${url}`,
  `wait --for ${url}`,
])
  test(`a password in the wrong place is not repeated: ${line.replace(url, 'URL')}`, () => {
    const error = catchError(() => parseArguments(split(line)))
    assert.ok(isSlipwayError(error))
    assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/)
  })

test('an empty value of a flag is refused: --to "$UNSET" must not mean everything', () => {
  const error = catchError(() => parseArguments(['up', '--to', '']))
  assert.ok(isSlipwayError(error))
  assert.equal(error.code, 'bad-argument')
})

function split(line: string): string[] {
  return line === '' ? [] : line.split(' ')
}

function catchError(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}
