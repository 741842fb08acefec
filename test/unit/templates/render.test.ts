/** What templates write, letter by letter, for a few; the rest is run in test/acceptance/templates.test.ts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { templates } from '../../../src/templates/registry.ts'
import { renderTemplate } from '../../../src/templates/render.ts'
import { createWorkspace } from '../../helpers/workspace.ts'

test('TypeScript', () => {
  const { files } = renderTemplate('add-column', {
    name: 'Add user age',
    table: 'users',
    column: ['age:integer', 'plan:text:not-null:default=free'],
  })
  assert.deepEqual(files, [
    {
      name: 'add_user_age.ts',
      text: `import type { Migration } from 'slipway'

export const up: Migration = async ({ op }) => {
  await op.addColumn('users', 'age', 'integer')
  await op.addColumn('users', 'plan', { type: 'text', nullable: false, default: 'free' })
}

export const down: Migration = async ({ op }) => {
  await op.dropColumn('users', 'plan')
  await op.dropColumn('users', 'age')
}
`,
    },
  ])
})

test('SQL in one file, and in two', () => {
  const options = {
    name: 'x',
    table: 'app.users',
    column: ['email'],
    unique: true,
    dialect: 'postgres',
    version: '20260131235959',
  } as const
  assert.deepEqual(renderTemplate('add-index', { ...options, form: 'sql' }).files, [
    {
      name: '20260131235959_x.sql',
      text: `-- migrate:up transaction:false
create unique index concurrently users_email_idx on app.users (email);

-- migrate:down transaction:false
drop index concurrently app.users_email_idx;
`,
    },
  ])
  assert.deepEqual(
    renderTemplate('add-check', {
      name: 'x',
      table: 'orders',
      check: 'total >= 0',
      form: 'sql-pair',
      dialect: 'sqlite',
    }).files,
    [
      {
        name: 'x.up.sql',
        text: 'alter table orders add constraint orders_total_check check (total >= 0);\n',
      },
      { name: 'x.down.sql', text: 'alter table orders drop constraint orders_total_check;\n' },
    ],
  )
})

test('several migrations follow one another by a second', () => {
  const { files } = renderTemplate('rename-column', {
    name: 'rename',
    table: 'users',
    column: ['name:text:not-null'],
    to: 'full_name',
    phase: 'all',
    version: '20261231235959',
  })
  assert.deepEqual(
    files.map(({ name }) => name),
    [
      '20261231235959_rename_1_expand.ts',
      '20270101000000_rename_2_fill.ts',
      '20270101000001_rename_3_not_null.ts',
      '20270101000002_rename_4_contract.ts',
    ],
  )
})

test('expand tells the command for contract', () => {
  const { files } = renderTemplate('rename-column', {
    name: 'rename',
    table: 'users',
    column: ['name:text'],
    to: "it's",
  })
  assert.match(
    files[0]?.text ?? '',
    /^\/\/ slipway new rename_contract --template rename-column --table users --column name:text --to 'it'\\''s' --phase contract$/m,
  )
  assert.equal(files.length, 2)
})

test('all scripts are sound TypeScript, and formatted as this project is unless names are long', () => {
  const files = templates.flatMap(({ name, example }) => [
    ...renderTemplate(name, { ...example, name: `plain ${name}` }).files,
    ...renderTemplate(name, {
      ...example,
      name: `odd ${name}`,
      ...(example.table === undefined || name === 'recreate-table' ? {} : { table: 'app.Odd "table"' }),
    }).files,
  ])
  const root = join(import.meta.dirname, '../../..')
  using workspace = createWorkspace({
    ...Object.fromEntries(
      files.filter(({ name }) => name.endsWith('.ts')).map(({ name, text }) => [name, text]),
    ),
    'package.json': '{ "type": "module" }',
    'biome.json': JSON.stringify({
      formatter: { indentStyle: 'space', indentWidth: 2, lineWidth: 110 },
      javascript: { formatter: { semicolons: 'asNeeded', quoteStyle: 'single' } },
      linter: { enabled: false },
    }),
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        paths: { slipway: [join(root, 'src/index.ts')] },
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }),
  })
  const run = (program: string, ...args: string[]) =>
    spawnSync(join(root, 'node_modules/.bin', program), args, { cwd: workspace.dir, encoding: 'utf8' })
  const types = run('tsc', '-p', workspace.path('tsconfig.json'))
  assert.equal(types.status, 0, types.stdout)
  const plain = files.map(({ name }) => name).filter((name) => /^plain_.*\.ts$/.test(name))
  const format = run('biome', 'format', '--config-path', workspace.path('biome.json'), ...plain)
  assert.equal(format.status, 0, format.stdout + format.stderr)
})
