/** TypeScript and JavaScript migrations that do not parse, load, or say what they must. */
import { type BadInput, testBadInput } from '../helpers/bad-input.ts'

const file = 'migrations/0002_a.ts'

/** The bad script comes after a good migration: that one must not run either. */
const script = (
  name: string,
  text: string,
  more: Pick<BadInput, 'code' | 'message' | 'hint'> & Partial<BadInput>,
): BadInput => ({
  name,
  files: { 'migrations/0001_good.sql': 'create table good (id integer);\n', [file]: text },
  exit: 66,
  ...more,
})

const options = (text: string) => `export const options = ${text}\nexport const up = async () => {}\n`
const badOptions = { code: 'bad-options', hint: /correct it in that file/ } as const

/** Fails while it runs: rolled back, the one before it stays. */
const failing = (
  name: string,
  body: string,
  more: Pick<BadInput, 'code' | 'message' | 'hint'> & Partial<BadInput>,
) => ({
  name,
  files: { [file]: `export const up = async ({ sql }: { sql: any }) => {\n${body}\n}\n` },
  exit: 70,
  ...more,
})

testBadInput([
  script('a syntax error', 'export const up = async ({ sql }) => {\n  await sql`select 1` +\n}\n', {
    code: 'script-syntax',
    message: /migrations\/0002_a\.ts does not parse: /,
    hint: /correct the file/,
    at: { file, line: 3, column: 1, caret: '}' },
  }),
  script(
    'a syntax error after types',
    'type A = { a: string }\nexport const up = async (x: A) => {\n  const 1x = 2\n}\n',
    {
      code: 'script-syntax',
      message: /does not parse/,
      hint: /correct the file/,
      at: { file, line: 3 },
    },
  ),
  script('an enum', 'enum Colour { Red }\nexport const up = async () => {}\n', {
    code: 'script-syntax',
    message: /enum/,
    hint: /an object instead of an enum/,
    at: { file, line: 1, column: 1, caret: 'enum Colour' },
  }),
  script(
    'a parameter property',
    'class A {\n  constructor(private a: string) {}\n}\nexport const up = async () => {}\n',
    {
      code: 'script-syntax',
      message: /parameter property/,
      hint: /only syntax that disappears/,
      at: { file, line: 2, caret: 'a: string' },
    },
  ),
  script('a neighbour that is not there', "import { help } from './_helpers.ts'\nexport const up = help\n", {
    code: 'script-load',
    message: [/migrations\/0002_a\.ts cannot be imported/, /_helpers\.ts/],
    hint: /neighbouring files/,
    at: { file, line: 1, column: 22, caret: "'./_helpers.ts'" },
  }),
  script('a package that is not installed', "import { z } from 'zod'\nexport const up = async () => z\n", {
    code: 'script-load',
    message: /Cannot find package 'zod'/,
    hint: /write import type for types/,
    at: { file, line: 1, column: 19, caret: "'zod'" },
  }),
  script(
    'an error thrown while importing',
    "export const up = async () => {}\nthrow new Error('set REGION first')\n",
    {
      code: 'script-load',
      message: /0002_a\.ts cannot be imported: set REGION first/,
      hint: /move what can fail into up/,
      at: { file, line: 2, column: 7, caret: 'new Error' },
    },
  ),
  script('no up', 'export const upp = async () => {}\n', {
    code: 'no-up',
    message: /0002_a\.ts does not export up: it exports upp; did you mean upp to be up\?/,
    hint: /^export an async function named up$/,
    at: { file },
  }),
  script('nothing exported at all', 'const up = async () => {}\n', {
    code: 'no-up',
    message: /does not export up: it exports nothing/,
    hint: /^export an async function named up$/,
  }),
  script('up is no function', "export const up = 'create table a (id integer)'\n", {
    code: 'no-up',
    message: /exports up, but it is no function/,
    hint: /^export an async function named up$/,
  }),
  script('down is no function', 'export const up = async () => {}\nexport const down = 1\n', {
    ...badOptions,
    message: /down is exported, but is no function/,
  }),
  script(
    'MIGRATION_ID of another file',
    "export const MIGRATION_ID = '0001_b'\nexport const up = async () => {}\n",
    {
      ...badOptions,
      message: /MIGRATION_ID is "0001_b", but the file is named 0002_a/,
    },
  ),
  script('an unknown option: the nearest is offered', options('{ transation: false }'), {
    ...badOptions,
    message: /migrations\/0002_a\.ts: there is no option transation; did you mean transaction\?/,
  }),
  script('a bad duration', options("{ statementTimeout: 'long' }"), {
    ...badOptions,
    message: /statementTimeout is "long", not a duration such as 500ms/,
  }),
  script(
    'a dialect that does not exist, and a flag that is a word',
    options("{ dialects: ['mysql'], breaking: 'yes' }"),
    {
      ...badOptions,
      message: [
        /dialects is \["mysql"\], not a list of postgres and sqlite/,
        /breaking is "yes", not true or false/,
      ],
    },
  ),
  failing(
    'an error thrown while it runs',
    "  await sql`select 1`\n  throw new Error('no tenant is called acme')",
    {
      code: 'migration-failed',
      message: /0002_a failed.*no tenant is called acme/,
      hint: /slipway up/,
      at: { file, line: 3, column: 9, caret: 'new Error' },
    },
  ),
  failing('a string thrown while it runs', "  throw 'just a string'", {
    code: 'migration-failed',
    message: /0002_a failed: just a string/,
    hint: /slipway up/,
    at: { file },
  }),
  failing(
    'a query that fails: where it stands in the script',
    '  await sql`create table a (id integer)`\n  await sql`select nmae from a`',
    {
      code: 'migration-failed',
      message: /0002_a failed.*column "nmae" does not exist/,
      hint: /slipway up/,
      at: { file, line: 3, column: 12 },
      check: ({ sqlstate, excerpt }) => {
        if (sqlstate !== '42703' || !/select nmae from a\n +\| +\^$/.test(excerpt ?? ''))
          throw new Error(`${sqlstate}\n${excerpt}`)
      },
    },
  ),
  failing('a query that is not awaited', '  sql`select 1`', {
    code: 'not-awaited',
    message: /0002_a: a query was never awaited/,
    hint: /put await in front of the query/,
    at: { file, line: 2, column: 6, caret: '`select 1`' },
  }),
  failing('undefined as a value', '  const name = undefined\n  await sql`select ${name}`', {
    code: 'migration-failed',
    message: /undefined cannot be bound as a value; use null/,
    hint: /./,
    at: { file, line: 3 },
  }),
])
