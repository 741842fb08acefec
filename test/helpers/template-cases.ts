/** What templates are told in tests, and whether what they write goes up, down and up. */
import assert from 'node:assert/strict'
import { templates } from '../../src/templates/registry.ts'
import {
  type RenderedTemplate,
  type RenderOptions,
  renderTemplate,
  type TemplateForm,
} from '../../src/templates/render.ts'
import type { TemplateDialect } from '../../src/templates/template.ts'
import { slipway } from './cli.ts'
import type { Rows, Sight, TemplateScene } from './template-scene.ts'

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
  // Tables whose rows are told apart by something else than `rowid`.
  {
    template: 'rename-column',
    options: { table: 'keyed', column: ['label:text'], to: 'title', phase: 'all' },
  },
  { template: 'rename-column', options: { table: 'odd', column: ['label:text'], to: 'title', phase: 'all' } },
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

/**
 * All of them, as one folder: which migration is at fault is in the message. Down leaves the schema that was there before, the second up that of the
 * first, and no row is lost. The scene is left as it was.
 */
export async function goThereAndBack(
  scene: TemplateScene,
  form: TemplateForm,
  { isPrinted = false }: { readonly isPrinted?: boolean } = {},
): Promise<void> {
  const files = renderAll(form, scene.dialect)
  const before = await scene.look()
  scene.add(files)
  await scene.up()
  const after = await scene.look()
  if (isPrinted) await expectPrinted(scene, after)
  assert.notEqual(after.schema, before.schema)
  await scene.revert()
  const back = await scene.look()
  assert.equal(back.schema, before.schema, 'down leads back')
  assert.deepEqual(lasting(back.rows), lasting(before.rows), 'down loses no row')
  await scene.up()
  const again = await scene.look()
  assert.equal(again.schema, after.schema, 'the second up leads to where the first did')
  assert.deepEqual(lasting(again.rows), lasting(after.rows))
  await scene.verify()
  await scene.revert()
  scene.remove(files)
}

/** What `slipway sql` prints makes the same, rows and history included. */
async function expectPrinted(scene: TemplateScene, wanted: Sight): Promise<void> {
  const env =
    scene.dialect === 'postgres'
      ? { SLIPWAY_SCRATCH_URL: scene.url }
      : { SLIPWAY_DATABASE_URL: 'sqlite::memory:' }
  const { code, stdout, stderr } = await slipway(['sql', '--from', 'base'], { cwd: scene.dir, env })
  assert.equal(code, 0, stderr)
  const found = await scene.lookAfter(stdout)
  assert.equal(found.schema, wanted.schema)
  assert.deepEqual(lasting(found.rows), lasting(wanted.rows))
  assert.deepEqual(found.history, wanted.history)
}

/** In TypeScript too, where it is no long work: on SQLite operations rebuild tables, outside transactions as well. */
export async function expectPrintedScripts(scene: TemplateScene): Promise<void> {
  const files = renderAll('typescript', scene.dialect, (name) => !longWork.includes(name))
  scene.add(files)
  await scene.up()
  await expectPrinted(scene, await scene.look())
  await scene.revert()
  scene.remove(files)
}

const longWork: readonly string[] = ['add-index', 'add-unique', 'backfill', 'rename-column', 'set-not-null']

/** In another case than the table's own: SQLite does not mind, and what hangs on it has to stay. */
const shouted: Case = {
  template: 'recreate-table',
  options: {
    table: 'NOTES',
    column: ['id:integer:primary-key:identity', 'body:text:not-null', 'stars:integer:default=0', 'tag:text'],
    was: ['id:integer:primary-key:identity', 'body:text:not-null', 'stars:integer:default=0'],
  },
}

/** While both names of a column are there, either may be written. */
export async function writeEitherName(scene: TemplateScene): Promise<void> {
  const column = ['name:text:not-null:default=nobody']
  const cases = [
    { table: 'crew', column, to: 'full "name"', version: '20260101000000' },
    { table: 'keyed', column: ['label:text'], to: 'title', version: '20260102000000' },
    { table: 'odd', column: ['label:text'], to: 'title', version: '20260103000000' },
  ]
  for (const options of cases) scene.add(renderTemplate('rename-column', options).files)
  await scene.up()
  await scene.run(`
    insert into crew (id, name) values (10, 'old app');
    insert into crew (id, "full ""name""") values (11, 'new app');
    insert into crew (id) values (12);
    update crew set name = 'by the old' where id = 1;
    update crew set "full ""name""" = 'by the new' where id = 2;
    update crew set name = 'loses', "full ""name""" = 'wins' where id = 10;
    update crew set id = 13 where id = 11;
    insert into keyed (country, n, label) values ('it', 1, 'by the old');
    update keyed set title = 'by the new' where country = 'de' and n = 2;
    insert into odd (id, rowid, title) values (3, 7, 'by the new');
    update odd set label = 'by the old' where id = 1;`)
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
  assert.deepEqual(rows.keyed?.map((row) => [row.country, row.n, row.label, row.title]).sort(), [
    ['de', 1, 'one', 'one'],
    ['de', 2, 'by the new', 'by the new'],
    ['fr', 1, null, null],
    ['it', 1, 'by the old', 'by the old'],
  ])
  assert.deepEqual(
    rows.odd?.map((row) => [row.id, row.rowid, row.label, row.title]),
    [
      [1, 7, 'by the old', 'by the old'],
      [2, 7, 'second', 'second'],
      [3, 7, 'by the new', 'by the new'],
      [7, 1, 'seventh', 'seventh'],
    ],
  )
}

/** Every template's example, and what is above, as migrations of one folder. */
function renderAll(
  form: TemplateForm,
  dialect: TemplateDialect,
  isWanted: (name: string) => boolean = () => true,
): RenderedTemplate['files'] {
  const cases: readonly Case[] = [
    ...templates.map(({ name, example }) => ({ template: name, options: example })),
    ...more,
    ...(form === 'typescript' ? [shouted] : []),
  ]
  return cases
    .filter(({ template }) => isPossible(template, form, dialect) && isWanted(template))
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
