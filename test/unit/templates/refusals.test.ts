/** What a template cannot be told, and what it says then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments } from '../../../src/config/arguments.ts'
import { isSlipwayError } from '../../../src/errors.ts'
import { renderMigrations, renderTemplate, type RenderOptions } from '../../../src/templates/render.ts'

const users = { name: 'x', table: 'users' }
const sql = { form: 'sql', dialect: 'postgres' } as const
const sqlite = { form: 'sql', dialect: 'sqlite' } as const

/** Template, options, message, hint. */
const refused: readonly (readonly [string, RenderOptions, RegExp, RegExp])[] = [
  ['add-colum', {}, /no template add-colum/, /--template add-column\?/],
  [
    'add-column',
    { name: 'x' },
    /--table and --column are missing/,
    /^slipway new x --template add-column --table users --column age:integer --column level:\S+$/,
  ],
  ['add-column', users, /--column is missing/, /--table users --column age:integer/],
  ['add-column', { ...users, ...sql }, /--column is missing/, / --sql --dialect postgres$/],
  ['add-column', { ...users, column: ['age'] }, /age has no type/, /^slipway new x /],
  ['add-column', { ...users, column: ['age:'] }, /has no type/, /./],
  ['add-column', { ...users, column: [':integer'] }, /name that is empty/, /./],
  ['add-column', { ...users, column: ['a:b c;d'] }, /is not a type/, /./],
  ['add-column', { ...users, column: ['a:integer not null'] }, /is not a type/, /./],
  ['add-column', { ...users, column: ['a:text default now()'] }, /is not a type/, /./],
  ['add-column', { ...users, column: ["a:text'"] }, /is not a type/, /./],
  ['add-column', { ...users, column: ['a:text:notnull'] }, /notnull is unknown; known are not-null/, /./],
  ['add-column', { ...users, column: ['a:text:'] }, /a colon too many/, /./],
  ['add-column', { ...users, column: ['a:text', 'a:text'] }, /names a twice/, /./],
  [
    'add-column',
    { ...users, column: ['a:text:not-null'] },
    /not-null without a default/,
    /--column a:text:not-null:default=VALUE/,
  ],
  ['add-column', { ...users, column: ['a:text:not-null:default=null'] }, /without a default/, /./],
  ['add-column', { ...users, column: ['a:text:unique'] }, /add-unique/, /--column a:text$/],
  ['add-column', { ...users, column: ['a:bigint:identity'] }, /every row of the table anew/, /./],
  ['add-column', { ...users, column: ['a:text:default-sql=f('] }, /lacks a \)/, /./],
  ['add-column', { ...users, column: ['a:text:default-sql=1; drop table users'] }, /semicolon/, /./],
  ['add-column', { ...users, column: ['a:text:default-sql=1 -- x'] }, /comment/, /./],
  [
    'add-column',
    { ...users, column: ['a:bigint:references=posts'] },
    /TABLE\.COLUMN, such as users\.id/,
    /./,
  ],
  [
    'add-column',
    { ...users, column: ['a:text'], check: 'a > 0' },
    /takes no --check; it takes --table, --column/,
    /./,
  ],
  [
    'add-column',
    { ...users, column: ['x'.repeat(64).concat(':text')] },
    /64 bytes, and PostgreSQL would cut it to 63/,
    /shorter/,
  ],
  ['add-column', { ...users, column: ['表'.repeat(22).concat(':text')] }, /66 bytes/, /shorter/],
  ['add-column', { ...users, table: 'x'.repeat(64), column: ['a:text'] }, /64 bytes/, /shorter/],
  ['add-column', { ...users, table: 'a.b.c', column: ['a:text'] }, /cannot read "a\.b\.c" as a name/, /./],
  [
    'add-column',
    { ...users, ...sqlite, column: ['a:text:default=now()'] },
    /not constant/,
    /leave out --sql/,
  ],
  [
    'add-column',
    { ...users, colum: ['a:text'] } as RenderOptions,
    /no argument colum; did you mean column\?/,
    /./,
  ],
  [
    'add-column',
    { ...users, form: 'sql', column: ['a:text'] },
    /for which database/,
    /--sql --dialect postgres/,
  ],
  ['drop-column', { ...users, column: ['a'] }, /a has no type; write a:TYPE/, /./],
  ['drop-column', { ...users, column: ['a:text:not-null'] }, /give it a default/, /default=VALUE/],
  ['add-index', { ...users, column: ['a:text'] }, /name of a column that is there/, /./],
  ['add-index', { ...users, column: ['a'], using: 'gin); drop' }, /no method of an index/, /./],
  [
    'add-index',
    { ...users, column: ['a'], using: 'gin', dialect: 'sqlite' },
    /leave out --using/,
    /--column a$/,
  ],
  ['add-index', { ...users, column: ['a'], where: 'a = (1' }, /--where lacks a \)/, /./],
  ['add-index', { ...users, column: ['a'], where: "a = '" }, /does not end/, /./],
  ['add-index', { ...users, column: ['a'], where: '1) or (1' }, /a \) too many/, /./],
  [
    'add-foreign-key',
    { ...users, column: ['a', 'b'], references: 'posts.id' },
    /2 columns, and --references names 1/,
    /./,
  ],
  [
    'add-foreign-key',
    { ...users, column: ['a'], references: 'posts.id', onDelete: 'cascad' },
    /one of no-action/,
    /--on-delete cascade/,
  ],
  [
    'add-foreign-key',
    { ...users, ...sqlite, column: ['a'], references: 'posts.id' },
    /not for SQL for SQLite: .*rebuilding/,
    /leave out --sql.*recreate-table/,
  ],
  ['create-enum', { name: 'x', enum: 'mood', value: ['a', 'a'] }, /names a twice/, /./],
  ['create-enum', { name: 'x', enum: 'mood', value: ['x'.repeat(64)] }, /63 bytes/, /./],
  [
    'create-enum',
    { name: 'x', enum: 'mood', value: ['a'], table: 'users' },
    /belong together/,
    /--table users --column state/,
  ],
  [
    'create-enum',
    { name: 'x', enum: 'mood', value: ['a'], ...sqlite },
    /SQLite has no enums/,
    /--table orders --column state/,
  ],
  [
    'create-table',
    { name: 'x', table: 'a', column: ['created_at:date'], timestamps: true },
    /created_at twice/,
    /./,
  ],
  ['create-table', { name: 'x', table: 'a', column: ['id:bigint'] }, /names id twice/, /./],
  ['rename-column', { ...users, column: ['a:text'], to: 'a' }, /its name already/, /./],
  ['rename-column', { ...users, column: ['a:text', 'b:text'], to: 'c' }, /one column at a time/, /./],
  [
    'rename-column',
    { ...users, column: ['a:text'], to: 'c', phase: 'contrac' },
    /--phase is expand, contract or all/,
    /--phase contract/,
  ],
  ['rename-column', { ...users, ...sql, column: ['a:text'], to: 'c' }, /batches/, /leave out --sql/],
  [
    'backfill',
    { ...users, ...sql, set: 'a = 1' },
    /not for SQL for PostgreSQL: SQL has no batches/,
    /leave out --sql; .*data-migration/,
  ],
  [
    'recreate-table',
    { ...users, dialect: 'postgres', column: ['a:text'] },
    /not for PostgreSQL/,
    /add-column/,
  ],
  ['recreate-table', { ...users, column: ['a:text'], was: ['b:text'] }, /no column in common/, /./],
  [
    'add-check',
    { name: 'x', table: 'bills', check: 'a > 0) or (true' },
    /--check has a \) too many/,
    /^slipway new x --template add-check --table bills --check 'total >= 0'$/,
  ],
  [
    'add-check',
    { name: 'x', table: 'bills', check: 'a > 0', constraint: 'b\nc' },
    /--constraint holds a line break/,
    /^slipway new x --template add-check --table bills --check 'a > 0'$/,
  ],
  [
    'add-column',
    { ...users, form: 'sql-pair', dialect: 'sqlite', column: ['a:text', 'b:text:unique'] },
    /add-unique/,
    /--table users --column a:text --column b:text --pair --dialect sqlite$/,
  ],
  [
    'create-table',
    { name: 'x', table: 'sales', column: ['n:integer', 'a:text:references=prices.country,year:not-null'] },
    /--column a refers to 2 columns: .*add-foreign-key --references prices\.country,year/,
    /--table sales --column n:integer --column a:text:not-null$/,
  ],
  ['blank', { name: '!!' }, /no letter or digit/, /./],
  ['blank', { version: '1' }, /YYYYMMDDHHMMSS/, /./],
]

for (const [template, options, message, hint] of refused)
  test(`${template} ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => renderTemplate(template, options),
      (error) => {
        assert.ok(isSlipwayError(error), String(error))
        assert.equal(error.exitCode, 64)
        assert.match(error.message, message)
        assert.match(error.hint ?? '', hint)
        if (/^slipway new .*--template/.test(error.hint ?? '')) requireUseful(error.hint ?? '', options)
        return true
      },
    )
  })

/** What is to be typed next works, and nothing that was typed is lost but what is wrong. */
function requireUseful(
  hint: string,
  { form: _, version: __, name: ___, dialect, ...given }: RenderOptions,
): void {
  const words = hint.replace(/ \(or sqlite\)$/, '').match(/(?:'[^']*'|\\'|[^\s'])+/g) ?? []
  const argv = words.slice(1).map((word) => word.replace(/'([^']*)'|\\(')/g, '$1$2'))
  const { command } = parseArguments(argv)
  assert.ok(command.verb === 'new' && command.template !== undefined, hint)
  const { name: slug, template, form, values } = command
  renderMigrations(template, { slug, form, dialect: command.dialect ?? dialect, values })
  const typed = Object.values(given)
    .flat()
    .filter((value) => typeof value === 'string')
  const lost = typed.filter((text) => !argv.some((word) => word === text || word.endsWith(`=${text}`)))
  assert.ok(lost.length <= 1, `${lost.join(' and ')} lost in ${hint}`)
}

test('a name of 64 bytes is one on SQLite', () => {
  const options = { table: 'users', column: [`${'x'.repeat(64)}:text`], dialect: 'sqlite' } as const
  assert.match(renderTemplate('add-column', options).files[0]?.text ?? '', /x{64}/)
})
