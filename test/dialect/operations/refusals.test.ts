/** The same name with another definition, and what makes no sense: an error that says both sides, and nothing changes. */
import assert from 'node:assert/strict'
import type { Operations, TableSpec } from '../../../src/dialects/operations.ts'
import { isSlipwayError } from '../../../src/errors.ts'
import { type Ground, testEach } from './arena.ts'

const users: TableSpec = {
  columns: {
    id: { type: 'bigint', identity: true, primaryKey: true },
    email: { type: 'varchar(100)', nullable: false },
    age: 'integer',
    plan: { type: 'text', default: 'free' },
  },
}

async function setUp(op: Operations): Promise<void> {
  await op.createTable('users', users)
  await op.createTable('pairs', { columns: { a: 'integer', b: 'integer' }, primaryKey: ['a', 'b'] })
  await op.createTable('posts', {
    columns: { id: { type: 'integer', primaryKey: true }, author: 'bigint', title: 'text' },
  })
  await op.createIndex('users', ['email'])
  await op.addUnique('users', ['email'])
  await op.addCheck('users', 'age > 0')
  await op.addForeignKey('posts', ['author'], { table: 'users' })
  await op.createView('adults', 'select id from users where age > 17')
}

type Case = readonly [what: string, body: (op: Operations) => Promise<unknown>, ...found: readonly RegExp[]]

const otherDefinitions: readonly Case[] = [
  [
    'a table with a column more',
    (op) =>
      op.createTable('posts', {
        columns: { id: { type: 'integer', primaryKey: true }, author: 'bigint', title: 'text', x: 'text' },
      }),
    /wanted: x text/,
  ],
  [
    'a table with a column less',
    (op) =>
      op.createTable('posts', { columns: { id: { type: 'integer', primaryKey: true }, author: 'bigint' } }),
    /found: {2}title text/,
  ],
  [
    'a table with another type',
    (op) =>
      op.createTable('posts', {
        columns: { id: { type: 'integer', primaryKey: true }, author: 'bigint', title: 'real' },
      }),
    /title text/,
    /title real/,
  ],
  [
    'a table with another nullability',
    (op) =>
      op.createTable('posts', {
        columns: {
          id: { type: 'integer', primaryKey: true },
          author: 'bigint',
          title: { type: 'text', nullable: false },
        },
      }),
    /title text not null/,
  ],
  [
    'a table with another check, and a unique that is not there',
    (op) =>
      op.createTable('users', {
        ...users,
        unique: [['plan', 'age']],
        checks: [{ name: 'users_age_check', expression: 'age > 18' }],
      }),
    /found: .*no constraint users_plan_age_key/,
    /found: .*age > 0/,
    /wanted: .*users_plan_age_key/,
    /wanted: .*age > 18/,
  ],
  [
    'a table with another foreign key',
    (op) =>
      op.createTable('posts', {
        columns: {
          id: { type: 'integer', primaryKey: true },
          author: { type: 'bigint', references: { table: 'users', onDelete: 'set null' } },
          title: 'text',
        },
      }),
    /found: (?!.*set null).*users/i,
    /wanted: .*on delete set null/,
  ],
  [
    'a table with another primary key',
    (op) => op.createTable('pairs', { columns: { a: 'integer', b: 'integer' }, primaryKey: ['b', 'a'] }),
    /"?a"?, "?b"?/,
    /"?b"?, "?a"?/,
  ],
  [
    'a table without the primary key',
    (op) =>
      op.createTable('pairs', {
        columns: { a: { type: 'integer', nullable: false }, b: { type: 'integer', nullable: false } },
      }),
    /wanted: no primary key/,
  ],
  [
    'a column without its unique',
    (op) => op.addColumn('users', 'age', { type: 'integer', unique: true }),
    /no constraint users_age_key/,
  ],
  [
    'a column with another foreign key',
    (op) => op.addColumn('posts', 'author', { type: 'bigint', references: 'posts' }),
    /users/,
    /posts/,
  ],
  ['a column of another type', (op) => op.addColumn('users', 'age', 'text'), /age integer/, /age text/],
  [
    'a column with another length',
    (op) => op.addColumn('users', 'email', { type: 'varchar(50)', nullable: false }),
    /100/,
    /50/,
  ],
  ['a column that may be null', (op) => op.addColumn('users', 'email', 'varchar(100)'), /not null/],
  [
    'a column with another default',
    (op) => op.addColumn('users', 'plan', { type: 'text', default: 'paid' }),
    /'free'/,
    /'paid'/,
  ],
  [
    'an index of other columns',
    (op) => op.createIndex('users', ['age'], { name: 'users_email_idx' }),
    /email/,
    /age/,
  ],
  ['an index that is unique', (op) => op.createIndex('users', ['email'], { unique: true }), /unique/i],
  ['an index with a condition', (op) => op.createIndex('users', ['email'], { where: 'age > 5' }), /age > 5/],
  [
    'an index of another table',
    (op) => op.createIndex('posts', ['id'], { name: 'users_email_idx' }),
    /users_email_idx/,
  ],
  [
    'a unique of other columns',
    (op) => op.addUnique('users', ['email', 'age'], { name: 'users_email_key' }),
    /age/,
  ],
  ['a check with another condition', (op) => op.addCheck('users', 'age > 1'), /age > 0/, /age > 1/],
  [
    'a check by the name of a key',
    (op) => op.addCheck('users', 'age > 0', { name: 'users_email_key' }),
    /unique/i,
  ],
  [
    'a foreign key with another action',
    (op) => op.addForeignKey('posts', ['author'], { table: 'users' }, { onDelete: 'cascade' }),
    /cascade/,
  ],
  [
    'a foreign key to another table',
    (op) => op.addForeignKey('posts', ['author'], { table: 'posts' }),
    /posts/,
  ],
  [
    'a view with another query',
    (op) => op.createView('adults', 'select id from users where age > 20'),
    /17/,
    /20/,
  ],
  ['a rename where both are', (op) => op.renameTable('posts', 'users'), /users/],
  ['a column where both are', (op) => op.renameColumn('users', 'age', 'email'), /email/],
]

const nonsense: readonly Case[] = [
  ['no table', (op) => op.addColumn('nope', 'x', 'text'), /no table nope/],
  ['no column', (op) => op.alterColumn('users', 'nope', { nullable: true }), /no column nope/],
  ['no columns', (op) => op.createTable('t', { columns: {} }), /no columns/],
  ['no type', (op) => op.addColumn('users', 'x', ''), /no type/],
  [
    'an unknown key',
    (op) => op.addColumn('users', 'x', { type: 'text', notNull: true } as never),
    /unknown notNull/,
  ],
  ['an empty list', (op) => op.createIndex('users', []), /list of one or more columns/],
  ['a view as a table', (op) => op.addColumn('adults', 'x', 'text'), /is a view/],
  ['a table as a view', (op) => op.dropView('users'), /is a table/],
  [
    'a late primary key',
    (op) => op.addColumn('users', 'x', { type: 'integer', primaryKey: true }),
    /primary key/,
  ],
  [
    'two primary keys',
    (op) =>
      op.createTable('t', {
        columns: { a: { type: 'integer', primaryKey: true }, b: 'integer' },
        primaryKey: ['b'],
      }),
    /twice/,
  ],
  [
    'an unknown action',
    (op) => op.addForeignKey('posts', ['id'], { table: 'users' }, { onDelete: 'explode' as never }),
    /explode/,
  ],
  ['a rename of nothing', (op) => op.renameTable('nope', 'neither'), /neither/],
  ['an index of a column that is not there', (op) => op.addUnique('users', ['nope']), /no column nope/],
  [
    'a default that is none',
    (op) => op.addColumn('users', 'x', { type: 'real', default: Number.NaN }),
    /NaN/,
  ],
]

async function refuse(ground: Ground, code: string, cases: readonly Case[]): Promise<void> {
  const before = await ground.catalogue()
  for (const [what, body, ...patterns] of cases) {
    const error = await ground.migrate(body).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.ok(isSlipwayError(error), `${what}: ${error}`)
    assert.equal(error.code, code, `${what}: ${error.message}`)
    for (const pattern of patterns) assert.match(error.message, pattern, what)
    if (code === 'defined-otherwise') assert.match(error.message, /found: [\s\S]*wanted: /)
  }
  assert.equal(await ground.catalogue(), before)
}

testEach('the same name with another definition', async (ground) => {
  await ground.migrate(setUp)
  await ground.migrate(setUp)
  await refuse(ground, 'defined-otherwise', otherDefinitions)
})

testEach('what makes no sense', async (ground) => {
  await ground.migrate(setUp)
  await refuse(ground, 'bad-operation', nonsense)
})

testEach('enums', async (ground) => {
  await ground.migrate(async (op) => {
    await op.createEnum('mood', ['a', 'c'])
    await op.createTable('t', { columns: { id: 'integer', mood: { type: 'mood', default: 'a' } } })
  })
  await ground.run("insert into t values (1, 'a'), (2, 'c')")
  await assert.rejects(ground.run("insert into t values (3, 'b')"))
  await refuse(ground, 'defined-otherwise', [
    ['other values', (op) => op.createEnum('mood', ['a', 'b']), /a, c/, /a, b/],
  ])
  await ground.migrate((op) => op.addEnumValue('mood', 'b', { after: 'a' }))
  await ground.run("insert into t values (3, 'b')")
  await ground.migrate((op) => op.createEnum('mood', ['a', 'b', 'c']))
  await ground.migrate((op) => op.addEnumValue('mood', 'b', { after: 'a' }))
  await ground.migrate((op) => op.renameTable('t', 'u'))
  await ground.migrate((op) => op.renameColumn('u', 'mood', 'Temper'))
  await ground.migrate((op) => op.addEnumValue('mood', 'z'))
  await ground.run("insert into u values (4, 'z')")
  await assert.rejects(ground.migrate((op) => op.dropEnum('mood')))
  await refuse(ground, 'bad-operation', [
    ['no such value', (op) => op.addEnumValue('mood', 'y', { before: 'nope' }), /nope/],
  ])
})
