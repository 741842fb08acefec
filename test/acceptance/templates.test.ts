/**
 * What each template writes is run on tables that hold rows: up, down, up. Down leaves the schema that was there
 * before, the second up that of the first, and no row is lost that the template does not say it drops.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { templates } from '../../src/templates/registry.ts'
import {
  type RenderedTemplate,
  renderTemplate,
  type RenderOptions,
  type TemplateForm,
} from '../../src/templates/render.ts'
import type { TemplateDialect } from '../../src/templates/template.ts'
import { postgresMajors } from '../helpers/postgres.ts'
import { createTemplateScene, type TemplateScene } from '../helpers/template-scene.ts'

interface Case {
  readonly name: string
  readonly template: string
  readonly options?: RenderOptions
  /** And the way back does not restore what was in them. */
  readonly changesRows?: boolean
}

const examples: readonly Case[] = templates.map(({ name, example }) => ({
  name,
  template: name,
  options: example,
  changesRows: ['drop-column', 'backfill'].includes(name),
}))

/** Where the example of a template does not say all. */
const more: readonly Case[] = [
  {
    name: 'rename-column, all of it, of a column that is never empty',
    template: 'rename-column',
    options: { table: 'crew', column: ['name:text:not-null:default=nobody'], to: 'full_name', phase: 'all' },
  },
  {
    name: 'add-index with everything',
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
    name: 'create-table with everything',
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
    name: 'data-migration of everything, with quotes',
    template: 'data-migration',
    options: { table: 'users', set: "plan = 'it''s `${x}` \\'", undo: 'plan = null' },
    changesRows: true,
  },
  {
    name: 'add-foreign-key that says what follows',
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
  describe(label, { concurrency: 2 }, () => {
    for (const each of [...examples, ...more])
      for (const form of forms.filter((form) => isPossible(each.template, form, dialect)))
        test(`${each.name}, ${form}`, async () => {
          await using scene = await createTemplateScene(dialect, major)
          const version = '20260101000000'
          const { files } = renderTemplate(each.template, { ...each.options, form, dialect, version })
          await roundTrip(scene, files, each.changesRows === true)
        })
  })

function isPossible(name: string, form: TemplateForm, dialect: TemplateDialect): boolean {
  const template = templates.find((one) => one.name === name)
  // A blank SQL file is refused until something is written in it.
  if (template === undefined || (name === 'blank' && form !== 'typescript')) return false
  if (template.not?.[dialect] !== undefined) return false
  return typeof (form === 'typescript' ? template.typescript : template.sql[dialect]) === 'function'
}

async function roundTrip(
  scene: TemplateScene,
  files: RenderedTemplate['files'],
  changesRows: boolean,
): Promise<void> {
  const before = await scene.look()
  scene.add(files)
  await scene.slipway('up')
  const after = await scene.look()
  await scene.revert()
  const back = await scene.look()
  assert.equal(back.schema, before.schema, 'down leads back')
  assert.deepEqual(countRows(back), countRows(before), 'down loses no row')
  if (!changesRows) assert.deepEqual(back.rows, before.rows, 'down leaves every value')
  await scene.slipway('up')
  const again = await scene.look()
  assert.equal(again.schema, after.schema, 'the second up leads to where the first did')
  assert.deepEqual(again.rows, after.rows)
  await scene.slipway('verify')
}

function countRows({ rows }: Awaited<ReturnType<TemplateScene['look']>>): Record<string, number> {
  return Object.fromEntries(Object.entries(rows).map(([table, list]) => [table, list.length]))
}
