import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isSlipwayError, type SlipwayError } from '../../../src/errors.ts'
import { discoverMigrations } from '../../../src/files/discover.ts'
import { loadMigration } from '../../../src/files/load.ts'
import type { LoadedMigration } from '../../../src/files/loaded.ts'
import { defaultOptions } from '../../../src/plan/migration.ts'
import { folderOf } from './folder-of.ts'

type Content = Readonly<Record<string, string>>

const helper = 'export const add = (a: number, b: number): number => a + b\n'
const useHelper = "import { add } from './_helper.ts'\nexport const up = async () => add(40, 2)\n"

/** What `up` returns is 42 for each of these, whatever package.json says. */
const working: readonly (readonly [what: string, content: Content])[] = [
  ['TypeScript', { '1_a.ts': 'export const up = async (): Promise<number> => 42' }],
  [
    'import type',
    { '1_a.ts': "import type { Migration } from 'slipway'\nexport const up: Migration = async () => 42" },
  ],
  ['a neighbour', { '1_a.ts': useHelper, '_helper.ts': helper }],
  [
    'a neighbour of a neighbour, in a subfolder',
    {
      '1_a.ts': "import { n } from './_lib/n.ts'\nexport const up = () => n",
      '_lib/n.ts': "import { add } from '../_helper.ts'\nexport const n: number = add(40, 2)",
      '_helper.ts': helper,
    },
  ],
  [
    'a neighbour in JavaScript',
    {
      '1_a.ts': "import { add } from './_helper.js'\nexport const up = () => add(40, 2)",
      '_helper.js': 'export const add = (a, b) => a + b',
    },
  ],
  ['Node built-ins', { '1_a.ts': "import { sep } from 'node:path'\nexport const up = () => sep && 42" }],
  ['top-level await', { '1_a.ts': 'const n: number = await 42\nexport const up = () => n' }],
  ['JavaScript, a module', { '1_a.js': 'export const up = async () => 42' }],
  ['JavaScript, CommonJS', { '1_a.js': 'exports.up = async () => 42' }],
  ['JavaScript, CommonJS with module.exports', { '1_a.js': 'module.exports = { up: async () => 42 }' }],
  ['.mjs', { '1_a.mjs': 'export const up = async () => 42' }],
  ['.cjs', { '1_a.cjs': 'exports.up = async () => 42' }],
  [
    'CommonJS with a neighbour and a built-in',
    {
      '1_a.cjs': "const { add } = require('./_helper.cjs'); require('path')\nexports.up = () => add(40, 2)",
      '_helper.cjs': 'exports.add = (a, b) => a + b',
    },
  ],
  [
    'CommonJS in .js with a .js neighbour',
    {
      '1_a.js': "const { add } = require('./_helper.js')\nexports.up = () => add(40, 2)",
      '_helper.js': 'exports.add = (a, b) => a + b',
    },
  ],
  [
    'CommonJS that imports at run time',
    {
      '1_a.cjs': "exports.up = async () => (await import('./_helper.mjs')).n",
      '_helper.mjs': 'export const n = 42',
    },
  ],
  ['export default', { '1_a.ts': 'export default { up: async (): Promise<number> => 42 }' }],
  ['SQL that looks like a module', { '1_a.js': 'exports.up = () => (`\nimport foreign schema x\n`, 42)' }],
  ['a name full of odd letters', { '1_a b#c?d%20é.ts': useHelper, '_helper.ts': helper }],
  ['CRLF and a byte order mark', { '1_a.ts': '\uFEFFexport const up =\r\n  () => 42\r\n' }],
]

for (const type of ['module', 'commonjs', undefined]) {
  for (const [what, content] of working) {
    test(`${what}, under "type": ${type}`, async (t) => {
      const manifest = JSON.stringify(type === undefined ? {} : { type })
      const [loaded] = await loadAll(t, { ...content, 'package.json': manifest })
      assert.equal(loaded?.body.kind, 'code')
      assert.equal(await callUp(loaded), 42)
    })
  }
}

interface Failure {
  readonly what: string
  readonly content: Content
  readonly code: SlipwayError['code']
  readonly says: readonly string[]
  /** `file:line:column`, the file below the folder. */
  readonly at?: string
  readonly hint?: RegExp
}

const failing: readonly Failure[] = [
  {
    what: 'a syntax error in TypeScript',
    content: { '1_a.ts': 'export const up: Up = async () => {\n  const x = = 3\n}\n' },
    code: 'script-syntax',
    says: ['1_a.ts does not parse: Expression expected'],
    at: '1_a.ts:2:13',
  },
  {
    what: 'a syntax error after wide letters',
    content: { '1_a.ts': "export const x = 'größe 😀' + = 3\n" },
    code: 'script-syntax',
    says: ['Expression expected'],
    at: '1_a.ts:1:31',
  },
  {
    what: 'an enum',
    content: { '1_a.ts': 'export const up = 1\n  enum Kind { A }\n' },
    code: 'script-syntax',
    says: ['enum'],
    at: '1_a.ts:2:3',
    hint: /object instead of an enum/,
  },
  {
    what: 'a parameter property',
    content: { '1_a.ts': 'class A {\n  constructor(private x: number) {}\n}\n' },
    code: 'script-syntax',
    says: ['parameter property'],
    at: '1_a.ts:2:23',
  },
  {
    what: 'TypeScript that fails only once its types are gone',
    content: { '1_a.ts': "import type { X } from 'y'\nexport const a: X = 1\nexport const a: X = 2\n" },
    code: 'script-syntax',
    says: ["Identifier 'a' has already been declared"],
    at: '1_a.ts:3:14',
  },
  {
    what: 'a syntax error in a JavaScript module',
    content: {
      '1_a.js': "import {\n  sep,\n} from 'node:path'\nexport const up = () => {\n  let x = = 3\n}\n",
    },
    code: 'script-syntax',
    says: ["1_a.js does not parse: Unexpected token '='"],
    at: '1_a.js:5:11',
  },
  {
    what: 'a syntax error in the first line of a module',
    content: { '1_a.mjs': 'export const up = = 3\n' },
    code: 'script-syntax',
    says: ["Unexpected token '='"],
    at: '1_a.mjs:1:19',
  },
  {
    what: 'a syntax error after export default',
    content: { '1_a.mjs': 'export default async function () {\n  return = 3\n}\n' },
    code: 'script-syntax',
    says: ["Unexpected token '='"],
    at: '1_a.mjs:2:10',
  },
  {
    what: 'a syntax error in CommonJS',
    content: { '1_a.cjs': 'exports.up = () => {\n  let x = = 3\n}\n' },
    code: 'script-syntax',
    says: ["Unexpected token '='"],
    at: '1_a.cjs:2:11',
  },
  {
    what: 'a syntax error in a neighbour',
    content: { '1_a.ts': useHelper, '_helper.ts': '\nexport const add: = 1\n' },
    code: 'script-syntax',
    says: ['1_a.ts does not parse'],
    at: '_helper.ts:2:19',
  },
  {
    what: 'types imported as values',
    content: {
      '1_a.ts': "\nimport { Migration } from 'slipway-of-nowhere'\nexport const up: Migration = 1\n",
    },
    code: 'script-load',
    says: ["1_a.ts cannot be imported: Cannot find package 'slipway-of-nowhere'"],
    at: '1_a.ts:2:27',
    hint: /import type/,
  },
  {
    what: 'a neighbour that is not there',
    content: { '1_a.ts': "import { add } from './_helper.ts'\nexport const up = add\n" },
    code: 'script-load',
    says: ['Cannot find module'],
    at: '1_a.ts:1:21',
  },
  {
    what: 'a neighbour that lacks an export',
    content: { '1_a.ts': useHelper, '_helper.ts': 'export const sum = 1' },
    code: 'script-load',
    says: ["does not provide an export named 'add'"],
    at: '1_a.ts:1:10',
  },
  {
    what: 'an error at top level',
    content: { '1_a.ts': "export const up: Up = 1\n\n  throw new Error('boom')\n" },
    code: 'script-load',
    says: ['1_a.ts cannot be imported: boom'],
    at: '1_a.ts:3:9',
  },
  {
    what: 'an error at top level of CommonJS',
    content: { '1_a.cjs': "exports.up = 1\nthrow new TypeError('boom')\n" },
    code: 'script-load',
    says: ['boom'],
    at: '1_a.cjs:2:7',
  },
  {
    what: 'a SyntaxError thrown by the script is no syntax error',
    content: { '1_a.ts': "export const up = 1\nJSON.parse('{')\n" },
    code: 'script-load',
    says: ['JSON'],
    at: '1_a.ts:2:6',
  },
  { what: 'a thrown string', content: { '1_a.ts': "throw 'boom'" }, code: 'script-load', says: ['boom'] },
  { what: 'a thrown null', content: { '1_a.ts': 'throw null' }, code: 'script-load', says: ['null'] },
  {
    what: 'no up',
    content: { '1_a.ts': 'export const down = async () => {}' },
    code: 'no-up',
    says: ['1_a.ts does not export up: it exports down'],
  },
  { what: 'no exports', content: { '1_a.ts': 'const up = 1' }, code: 'no-up', says: ['exports nothing'] },
  { what: 'an empty file', content: { '1_a.ts': '' }, code: 'no-up', says: ['exports nothing'] },
  {
    what: 'Up',
    content: { '1_a.ts': 'export const Up = async () => {}' },
    code: 'no-up',
    says: ['did you mean Up to be up?'],
  },
  {
    what: 'an up that is no function',
    content: { '1_a.ts': "export const up = 'select 1'" },
    code: 'no-up',
    says: ['exports up, but it is no function'],
  },
  {
    what: 'a CommonJS script that exports null',
    content: { '1_a.cjs': 'module.exports = null' },
    code: 'no-up',
    says: ['exports nothing'],
  },
  {
    what: 'a down that is no function',
    content: { '1_a.ts': 'export const up = () => {}\nexport const down = 1' },
    code: 'bad-options',
    says: ['down is exported, but is no function'],
  },
  {
    what: 'another MIGRATION_ID',
    content: { '1_a.ts': "export const up = () => {}\nexport const MIGRATION_ID = '1_b'" },
    code: 'bad-options',
    says: ['MIGRATION_ID is "1_b", but the file is named 1_a'],
  },
  {
    what: 'a misspelt option',
    content: { '1_a.ts': 'export const up = () => {}\nexport const options = { transactoin: false, x: 1 }' },
    code: 'bad-options',
    says: ['no option transactoin; did you mean transaction?', 'no option x'],
  },
]

for (const { what, content, code, says, at, hint } of failing) {
  test(`refused: ${what}`, async (t) => {
    const error = await failureOf(t, { 'package.json': '{"type":"commonjs"}', ...content })
    assert.equal(error.code, code, error.message)
    assert.equal(error.exitCode, 66)
    assert.equal(error.facts.migration, '1_a')
    for (const text of says) assert.ok(error.message.includes(text), error.message)
    const { file, line, column, excerpt } = error.facts.location ?? {}
    if (at !== undefined) {
      assert.equal(`${file}:${line}:${column}`, at)
      assert.match(excerpt ?? '', /\^/)
    }
    if (hint !== undefined) assert.match(error.hint, hint)
    assert.doesNotMatch(error.message, /sha256-v1|file:\/\//)
  })
}

const optionRows: readonly (readonly [source: string, result: object | string])[] = [
  ['{}', {}],
  ['{ transaction: false, resumable: true }', { transaction: false, resumable: true }],
  ['{ breaking: true, outOfOrder: true }', { breaking: true, outOfOrder: true }],
  ["{ dependsOn: ['1_a', 'b'] }", { dependsOn: ['1_a', 'b'] }],
  ["{ dialects: ['sqlite'] }", { dialects: ['sqlite'] }],
  ["{ ddlLockTimeout: '1s', statementTimeout: 0 }", { ddlLockTimeoutMs: 1000, statementTimeoutMs: 0 }],
  ["{ ddlLockTimeout: 250, statementTimeout: '5m' }", { ddlLockTimeoutMs: 250, statementTimeoutMs: 300_000 }],
  ['{ breaking: undefined }', {}],
  ["{ transaction: 'false' }", 'transaction is "false", not true or false'],
  ['{ breaking: 1 }', 'breaking is 1, not true or false'],
  ["{ dependsOn: 'a' }", 'dependsOn is "a", not a list'],
  ["{ dependsOn: ['a', ''] }", 'dependsOn'],
  ["{ dialects: ['mysql'] }", 'dialects is ["mysql"], not a list of postgres and sqlite'],
  ['{ dialects: [] }', 'dialects is []'],
  ["{ ddlLockTimeout: '1 second' }", 'ddlLockTimeout is "1 second", not a duration such as 500ms'],
  ['{ statementTimeout: -1 }', 'statementTimeout is -1'],
  ['{ statementTimeout: 1.5 }', 'statementTimeout is 1.5'],
  ['{ statementTimeout: () => 1 }', 'statementTimeout is a function'],
  ['{ constructor: 1 }', 'no option constructor'],
  ["{ breaking: 1, dialects: 'x' }", 'dialects is "x"'],
  ['[]', 'options is not an object'],
  ["'transaction:false'", 'options is not an object'],
  ['null', 'options is not an object'],
]
for (const [source, result] of optionRows) {
  test(`options ${source}`, async (t) => {
    const content = { '1_a.mjs': `export const up = () => {}\nexport const options = ${source}` }
    if (typeof result === 'string') {
      const error = await failureOf(t, content)
      assert.equal(error.code, 'bad-options')
      assert.ok(error.message.includes(result), error.message)
    } else {
      const [loaded] = await loadAll(t, content)
      assert.deepEqual(loaded?.options, { ...defaultOptions, ...result })
    }
  })
}

test('hasDown and a matching MIGRATION_ID', async (t) => {
  const [a, b] = await loadAll(t, {
    '1_a.ts': "export const MIGRATION_ID = '1_a'\nexport const up = () => {}\nexport const down = () => {}",
    '2_b.ts': 'export const up = () => {}',
  })
  assert.deepEqual([a?.hasDown, b?.hasDown], [true, false])
})

test('up gets the context and its errors come through as they are', async (t) => {
  const [loaded] = await loadAll(t, { '1_a.ts': 'export const up = (c: number) => { throw c }' })
  await assert.rejects(
    async () => callUp(loaded, 7),
    (thrown) => thrown === 7,
  )
})

for (const extension of ['ts', 'js', 'mjs', 'cjs']) {
  test(`what runs is the text that was hashed: .${extension}`, async (t) => {
    const write = (n: number) =>
      extension === 'cjs' ? `exports.up = () => ${n}` : `export const up = () => ${n}`
    const dir = folderOf(t, { [`1_a.${extension}`]: write(1) })
    const { files } = await discoverMigrations(dir, { allowEmpty: false, cwd: dir })
    writeFileSync(join(dir, `1_a.${extension}`), write(2))
    const [loaded] = await Promise.all(files.map((file) => loadMigration(file, noSql)))
    assert.equal(await callUp(loaded), 1)
    const again = await discoverMigrations(dir, { allowEmpty: false, cwd: dir })
    const [reloaded] = await Promise.all(again.files.map((file) => loadMigration(file, noSql)))
    assert.equal(await callUp(reloaded), 2)
  })
}

test('a linked file finds its neighbours where it really is', async (t) => {
  const dir = folderOf(t, { '..data/1_a.ts': useHelper, '..data/_helper.ts': helper, 'm/': '' })
  symlinkSync('../..data/1_a.ts', join(dir, 'm/1_a.ts'))
  const { files } = await discoverMigrations(join(dir, 'm'), { allowEmpty: false, cwd: dir })
  const [loaded] = await Promise.all(files.map((file) => loadMigration(file, noSql)))
  assert.equal(await callUp(loaded), 42)
})

test('many load at once, one of them failing, each with its own text', async (t) => {
  const content: Record<string, string> = { '_helper.ts': helper, 'package.json': '{"type":"commonjs"}' }
  for (let n = 1; n <= 20; n++)
    content[`${n}_a.ts`] =
      `import { add } from './_helper.ts'\nawait new Promise((go) => setTimeout(go, ${n % 3}))\nexport const up = () => add(${n}, 0)`
  content['21_a.ts'] = 'enum A { B }'
  const dir = folderOf(t, content)
  const { files } = await discoverMigrations(dir, { allowEmpty: false, cwd: dir })
  const settled = await Promise.allSettled(files.map((file) => loadMigration(file, noSql)))
  const values = settled.map((one) => (one.status === 'fulfilled' ? callUp(one.value) : 'failed'))
  assert.deepEqual(await Promise.all(values), [...Array.from({ length: 20 }, (_, i) => i + 1), 'failed'])
})

test('nothing is left behind: a file under "type": "commonjs" loads by its own rules again', async (t) => {
  const dir = folderOf(t, {
    'package.json': '{"type":"commonjs"}',
    'm/1_a.ts': 'export const up = () => 42',
    'm/2_b.ts': 'throw new Error("boom")',
    'm/_later.ts': 'export const x: number = 1',
  })
  const { files } = await discoverMigrations(join(dir, 'm'), { allowEmpty: false, cwd: dir })
  await Promise.allSettled(files.map((file) => loadMigration(file, noSql)))
  const later = await importPlainly(join(dir, 'm/_later.ts'))
  assert.match(later, /export|module/i)
})

test('loading prints nothing', (t) => {
  const dir = folderOf(t, {
    'package.json': '{"type":"commonjs"}',
    '1_a.ts': useHelper,
    '2_b.js': 'exports.up = () => 1',
    '3_c.js': 'export const up = () => 1',
    '4_d.ts': 'export const a = 1\nexport const a: number = 2',
    '_helper.ts': helper,
  })
  const src = new URL('../../../src/files/', import.meta.url).href
  const script = `
    import { discoverMigrations } from '${src}discover.ts'
    import { loadMigration } from '${src}load.ts'
    const { files } = await discoverMigrations(process.cwd(), { allowEmpty: false, cwd: process.cwd() })
    const results = await Promise.allSettled(files.map((file) => loadMigration(file, {})))
    process.exitCode = results.filter(({ status }) => status === 'fulfilled').length`
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: dir,
    encoding: 'utf8',
  })
  assert.deepEqual([run.stdout, run.stderr, run.status], ['', '', 3])
})

test('a file that is gone when it is loaded', async (t) => {
  const dir = folderOf(t, { 'm/1_a.ts': 'export const up = () => 1' })
  const { files } = await discoverMigrations(join(dir, 'm'), { allowEmpty: false, cwd: dir })
  const gone = files.map((file) => ({ ...file, up: { ...file.up, path: join(dir, 'm/0_a.ts') } }))
  mkdirSync(join(dir, 'n'))
  const error = await rejectionOf(Promise.all(gone.map((file) => loadMigration(file, noSql))))
  assert.equal(error.code, 'file-unreadable')
})

const noSql = { parse: () => Promise.reject(new Error('no SQL here')) }

async function loadAll(t: TestContext, content: Content): Promise<LoadedMigration[]> {
  const dir = folderOf(t, content)
  const { files } = await discoverMigrations(dir, { allowEmpty: false, cwd: dir })
  return Promise.all(files.map((file) => loadMigration(file, noSql)))
}

function callUp(loaded: LoadedMigration | undefined, context?: unknown): unknown {
  assert.equal(loaded?.body.kind, 'code')
  return loaded.body.up(context)
}

async function failureOf(t: TestContext, content: Content): Promise<SlipwayError> {
  const error = await rejectionOf(loadAll(t, content))
  const file = error.facts.location?.file
  if (file?.startsWith('/') !== true) return error
  const location = { ...error.facts.location, file: file.slice(file.lastIndexOf('/') + 1) }
  return Object.assign(error, { facts: { ...error.facts, location } })
}

async function rejectionOf(run: Promise<unknown>): Promise<SlipwayError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(isSlipwayError(error), String(error))
  return error
}

/** The message of the error that Node's own rules give, in this process. */
async function importPlainly(path: string): Promise<string> {
  return import(path).then(
    () => 'it loaded',
    (error: unknown) => String(error),
  )
}
