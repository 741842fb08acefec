/** What `op` refuses, as the command line says it. */
import { type BadInput, testBadInput } from '../helpers/bad-input.ts'

const file = 'migrations/0001_a.ts'

const op = (
  name: string,
  body: string,
  more: Pick<BadInput, 'exit' | 'code' | 'message' | 'hint'> & Partial<BadInput>,
): BadInput[] =>
  (['postgres', 'sqlite'] as const).map((on) => ({
    name: `${name}, on ${on}`,
    on,
    files: { [file]: `export const up = async ({ op, sql }) => {\n  ${body}\n}\n` },
    at: { file, line: 3 },
    ...more,
  }))

const table = "await op.createTable('users', { columns: { id: 'integer', email: 'text' } })\n  "

testBadInput([
  ...op('a table that is another', `${table}await op.createTable('users', { columns: { id: 'text' } })`, {
    exit: 70,
    code: 'defined-otherwise',
    message: [
      /the table users exists with another definition/,
      /found: .*id integer; email text|found: .*email text; id integer/,
      /wanted: id text/,
    ],
    hint: /another name, or alter or drop what is there/,
  }),
  ...op('a table that is not there', `${table}await op.addColumn('user', 'plan', 'text')`, {
    exit: 70,
    code: 'bad-operation',
    message: /there is no table user$/m,
    hint: /docs\/operations\.md/,
  }),
  ...op('a misspelt key', `${table}await op.addColumn('users', 'plan', { type: 'text', notNull: true })`, {
    exit: 70,
    code: 'bad-operation',
    message: /the column plan: unknown notNull/,
    hint: /it knows type, nullable/,
  }),
  ...op('a name with a NUL', `${table}await op.createTable('us\\0ers', { columns: { id: 'integer' } })`, {
    exit: 70,
    code: 'migration-failed',
    message: /cannot hold a NUL character/,
    hint: /./,
  }),
  ...op('one that nobody awaits', `${table}op.addColumn('users', 'plan', 'text')`, {
    exit: 70,
    code: 'not-awaited',
    message: /started but not awaited/,
    hint: /put await/,
  }),
  {
    name: 'a column that a view shows, on sqlite',
    on: 'sqlite',
    files: {
      [file]: `export const up = async ({ op, sql }) => {
  ${table}await op.createView('shown', 'select email from users'); await op.addUnique('users', ['email']); await op.dropColumn('users', 'email')
}
`,
    },
    exit: 70,
    code: 'rebuild-failed',
    message: /error in view shown/,
    hint: /drop what depends on it first/,
    at: { file, line: 3 },
  },
  {
    name: 'a name of 64 bytes, on postgres',
    on: 'postgres',
    files: {
      [file]: `export const up = async ({ op }) => {\n  await op.createTable('${'ü'.repeat(32)}', { columns: { id: 'integer' } })\n}\n`,
    },
    exit: 70,
    code: 'migration-failed',
    message: /has 64 bytes; PostgreSQL would cut it to 63/,
    hint: /./,
    at: { file, line: 2 },
  },
])
