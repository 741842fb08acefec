/**
 * What each template writes is run on tables that hold rows: up, down, up. Down leaves the schema that was there
 * before, the second up that of the first, and no row is lost. All of them are one folder, since each command takes a
 * process: which migration is at fault is in the message.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { templates } from '../../src/templates/registry.ts'
import {
  type RenderedTemplate,
  type RenderOptions,
  renderTemplate,
  type TemplateForm,
} from '../../src/templates/render.ts'
import type { TemplateDialect } from '../../src/templates/template.ts'
import { postgresMajors } from '../helpers/postgres.ts'
import { createTemplateScene, type Rows } from '../helpers/template-scene.ts'

interface Case {
  readonly template: string
  readonly options: RenderOptions
}

/** Where the example of a template does not say all. */
const more: readonly Case[] = [
  {
    template: 'rename-column',
    options: { table: 'crew', column: ['name:text:not-null:default=nobody'], to: 'full_name', phase: 'all' },
  },
  {
    template: 'add-index',
    options: {
      table: 'users',
      column: ['email', 'Odd "name"'],
      unique: true,
      where: "plan = 'free; --'",
      constraint: 'users by "email"',
    },
  },
  {
    template: 'create-table',
    options: {
      table: 'order "lines"',
      column: [
        'order_id:bigint:primary-key:references=orders.id',
        '"a:b":integer:primary-key',
        "note:text:not-null:default=it's $1 \\ `${x}` -- ; :",
        'at:timestamptz:default=now()',
        'size:numeric(10,2):default=1.5',
        'done:boolean:not-null:default=false',
        "lower:text:unique:default-sql=lower('A;\"')",
      ],
      timestamps: true,
      softDelete: true,
      comment: "it's \\ `${x}` */ -- migrate:down",
    },
  },
  {
    template: 'data-migration',
    options: { table: 'users', set: "plan = 'it''s `${x}` \\'", undo: 'plan = null' },
  },
  {
    template: 'add-foreign-key',
    options: {
      table: 'posts',
      column: ['author_id'],
      references: 'users.id',
      onDelete: 'set-null',
      onUpdate: 'cascade',
      constraint: "posts' author",
    },
  },
]

const databases: readonly {
  readonly label: string
  readonly dialect: TemplateDialect
  readonly major?: number
}[] = [
  ...postgresMajors.map((major) => ({ label: `PostgreSQL ${major}`, dialect: 'postgres' as const, major })),
  { label: 'SQLite', dialect: 'sqlite' },
]
const forms: readonly TemplateForm[] = ['typescript', 'sql', 'sql-pair']

for (const { label, dialect, major } of databases)
  for (const form of forms)
    test(`${label}, ${form}`, async () => {
      await using scene = await createTemplateScene(dialect, major)
      const migrations = renderAll(form, dialect)
      const before = await scene.look()
      scene.add(migrations)
      await scene.slipway('up')
      const after = await scene.look()
      assert.notEqual(after.schema, before.schema)
      await scene.revert()
      const back = await scene.look()
      assert.equal(back.schema, before.schema, 'down leads back')
      assert.deepEqual(lasting(back.rows), lasting(before.rows), 'down loses no row')
      await scene.slipway('up')
      const again = await scene.look()
      assert.equal(again.schema, after.schema, 'the second up leads to where the first did')
      assert.deepEqual(lasting(again.rows), lasting(after.rows))
      await scene.slipway('verify')
    })

for (const { label, dialect, major } of databases)
  test(`${label}: while both names of a column are there, either may be written`, async () => {
    await using scene = await createTemplateScene(dialect, major)
    const column = ['name:text:not-null:default=nobody']
    const { files } = renderTemplate('rename-column', {
      table: 'crew',
      column,
      to: 'full "name"',
      version: '20260101000000',
    })
    scene.add(files)
    await scene.slipway('up')
    await scene.run(`
      insert into crew (id, name) values (10, 'old app');
      insert into crew (id, "full ""name""") values (11, 'new app');
      insert into crew (id) values (12);
      update crew set name = 'by the old' where id = 1;
      update crew set "full ""name""" = 'by the new' where id = 2;
      update crew set name = 'loses', "full ""name""" = 'wins' where id = 10;
      update crew set id = 13 where id = 11;`)
    const { rows } = await scene.look()
    assert.deepEqual(
      rows.crew?.map((row) => [Number(row.id), row.name, row['full "name"']]),
      [
        [1, 'by the old', 'by the old'],
        [2, 'by the new', 'by the new'],
        [10, 'wins', 'wins'],
        [12, 'nobody', 'nobody'],
        [13, 'new app', 'new app'],
      ],
    )
  })

/** Every template's example, and what is above, as migrations of one folder. */
function renderAll(form: TemplateForm, dialect: TemplateDialect): RenderedTemplate['files'] {
  const cases: readonly Case[] = [
    ...templates.map(({ name, example }) => ({ template: name, options: example })),
    ...more,
  ]
  return cases
    .filter(({ template }) => isPossible(template, form, dialect))
    .flatMap(({ template, options }, index) => {
      const version = `20260101${String(index).padStart(2, '0')}0000`
      const table = template === 'recreate-table' && form !== 'typescript' ? { table: 'plain' } : {}
      return renderTemplate(template, { ...options, ...table, form, dialect, version }).files
    })
}

function isPossible(name: string, form: TemplateForm, dialect: TemplateDialect): boolean {
  const template = templates.find((one) => one.name === name)
  // It holds no way back until somebody writes one; test/cli/new.test.ts runs it.
  if (template === undefined || name === 'blank') return false
  if (template.not?.[dialect] !== undefined) return false
  return typeof (form === 'typescript' ? template.typescript : template.sql[dialect]) === 'function'
}

/** Without what drop-column, backfill and data-migration are to change for good. */
function lasting(rows: Rows): Rows {
  const changing = ['nickname', 'email_lower', 'plan']
  return Object.fromEntries(
    Object.entries(rows).map(([table, list]) => [
      table,
      list.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([column]) => !changing.includes(column))),
      ),
    ]),
  )
}
