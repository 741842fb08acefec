/** Every operation: up, up again, down, up; the same catalogue each time, and the rows are still there. */
import assert from 'node:assert/strict'
import type { Operations } from '../../../src/dialects/operations.ts'
import { type Ground, testEach } from './arena.ts'

type Body = (op: Operations) => Promise<unknown>

interface RoundTrip {
  readonly name: string
  readonly up: Body
  readonly down: Body
}

const weird = 'we;ird "table"; drop table users --'
const long = 'ü'.repeat(31)

/** Tables that the operations find; made by operations as well, so that they are alike on both databases. */
async function setUp(op: Operations): Promise<void> {
  await op.createEnum('mood', ['happy', "so'so"])
  await op.createTable('users', {
    columns: {
      id: { type: 'bigint', identity: true, primaryKey: true },
      email: { type: 'varchar(100)', nullable: false, unique: true },
      age: { type: 'integer', default: 7 },
      note: 'text',
      plan: { type: 'text', nullable: false, default: "it's free" },
      score: { type: 'numeric(10,2)' },
      mood: { type: 'mood', default: 'happy' },
      made: { type: 'timestamptz', nullable: false, default: { now: true } },
    },
    checks: ['age >= 0'],
  })
  await op.createTable('posts', {
    columns: {
      id: { type: 'integer', primaryKey: true },
      author: { type: 'bigint', references: { table: 'users', onDelete: 'cascade' } },
      title: 'text',
      other: 'bigint',
    },
  })
  await op.createIndex('posts', ['author'])
  await op.createIndex('users', [{ raw: 'lower(note)' }], { where: 'age > 1' })
  await op.createView('adults', 'select id, email from users where age >= 18')
  await op.createTable('gone', { columns: { id: 'integer' } })
}

const rows = `
  insert into users (email, age, note, score) values ('a@b', 20, 'one', 1.5), ('c@d', 3, null, null);
  insert into posts (id, author, title, other) values (1, 1, 'x', 1), (2, 2, 'y', 2), (3, null, null, null);`

const trips: readonly RoundTrip[] = [
  {
    name: 'createTable of everything',
    up: (op) =>
      op.createTable('t', {
        columns: {
          a: { type: 'integer', nullable: false },
          b: { type: 'uuid' },
          c: { type: 'boolean', nullable: false, default: false },
          d: { type: 'jsonb', default: { json: { a: ["it's"] } } },
          e: { type: 'bytea', default: new Uint8Array([1, 255]) },
          f: { type: 'date', default: { now: true } },
          g: { type: 'time', default: { now: true } },
          h: { type: 'timestamp', default: { now: true } },
          i: { type: 'double', default: -1.5e-3 },
          j: { type: 'smallint', default: 3 },
          k: { type: 'real' },
          l: { type: 'timestamptz', default: new Date(0) },
          m: { type: 'bigint', default: 2n ** 60n },
          n: { type: 'text', default: 'back\\slash' },
          o: { type: 'numeric(10, 2)', default: { raw: '1 + 1' } },
          p: { type: 'text', default: null },
          q: 'json',
        },
        primaryKey: ['a', 'b'],
        unique: [['c', 'j']],
        checks: ['a > 0', { name: 'sane', expression: 'j < 10' }],
        foreignKeys: [
          { columns: ['m'], references: { table: 'users', columns: ['id'] }, onDelete: 'set null' },
        ],
        comment: "it's a table",
      }),
    down: (op) => op.dropTable('t'),
  },
  {
    name: 'dropTable',
    up: (op) => op.dropTable('gone'),
    down: (op) => op.createTable('gone', { columns: { id: 'integer' } }),
  },
  {
    name: 'renameTable',
    up: (op) => op.renameTable('posts', 'articles'),
    down: (op) => op.renameTable('articles', 'posts'),
  },
  {
    name: 'addColumn, plain',
    up: (op) => op.addColumn('users', 'x', 'text'),
    down: (op) => op.dropColumn('users', 'x'),
  },
  {
    name: 'addColumn, not null with a default',
    up: (op) => op.addColumn('users', 'x', { type: 'text', nullable: false, default: 'free' }),
    down: (op) => op.dropColumn('users', 'x'),
  },
  {
    name: 'addColumn with the time',
    up: (op) => op.addColumn('users', 'x', { type: 'timestamptz', nullable: false, default: { now: true } }),
    down: (op) => op.dropColumn('users', 'x'),
  },
  {
    name: 'addColumn, unique and a foreign key',
    up: (op) => op.addColumn('posts', 'x', { type: 'bigint', unique: true, references: 'users' }),
    down: (op) => op.dropColumn('posts', 'x'),
  },
  {
    name: 'addColumn with a foreign key alone',
    up: (op) =>
      op.addColumn('posts', 'x', {
        type: 'bigint',
        references: { table: 'users', column: 'id', onDelete: 'set null' },
      }),
    down: (op) => op.dropColumn('posts', 'x'),
  },
  {
    name: 'addColumn of an enum',
    up: async (op) => {
      await op.createEnum('tone', ['low', 'high'])
      await op.addColumn('posts', 'x', { type: 'tone', nullable: false, default: 'low' })
    },
    down: async (op) => {
      await op.dropColumn('posts', 'x')
      await op.dropEnum('tone')
    },
  },
  {
    name: 'dropColumn with what hangs on it',
    up: (op) => op.dropColumn('users', 'note'),
    down: async (op) => {
      await op.addColumn('users', 'note', 'text')
      await op.createIndex('users', [{ raw: 'lower(note)' }], { where: 'age > 1' })
    },
  },
  {
    name: 'renameColumn',
    up: (op) => op.renameColumn('users', 'plan', 'tariff'),
    down: (op) => op.renameColumn('users', 'tariff', 'plan'),
  },
  {
    name: 'alterColumn: type',
    up: (op) => op.alterColumn('posts', 'other', { type: 'text' }),
    down: (op) => op.alterColumn('posts', 'other', { type: 'bigint', using: 'cast(other as bigint)' }),
  },
  {
    name: 'alterColumn: nullable',
    up: (op) => op.alterColumn('users', 'age', { nullable: false }),
    down: (op) => op.alterColumn('users', 'age', { nullable: true }),
  },
  {
    name: 'alterColumn: default',
    up: (op) => op.alterColumn('users', 'score', { default: 5 }),
    down: (op) => op.alterColumn('users', 'score', { default: null }),
  },
  {
    name: 'alterColumn: all at once',
    up: (op) =>
      op.alterColumn('users', 'plan', {
        type: 'varchar(50)',
        nullable: true,
        default: 'x',
        using: 'substr(plan, 1, 50)',
      }),
    down: (op) => op.alterColumn('users', 'plan', { type: 'text', nullable: false, default: "it's free" }),
  },
  {
    name: 'createIndex, unique and partial',
    up: (op) => op.createIndex('users', ['email', 'age'], { unique: true, where: "plan = 'free'" }),
    down: (op) => op.dropIndex('users_email_age_idx'),
  },
  {
    name: 'createIndex of an expression, named',
    up: (op) =>
      op.createIndex('users', [{ raw: 'lower(email)' }, { raw: 'age desc' }], {
        name: 'by_mail',
        include: ['plan'],
      }),
    down: (op) => op.dropIndex('by_mail'),
  },
  {
    name: 'addForeignKey',
    up: (op) =>
      op.addForeignKey(
        'posts',
        ['other'],
        { table: 'users', columns: ['id'] },
        { onDelete: 'set null', onUpdate: 'cascade' },
      ),
    down: (op) => op.dropConstraint('posts', 'posts_other_fkey'),
  },
  {
    name: 'addUnique',
    up: (op) => op.addUnique('posts', ['author', 'title']),
    down: (op) => op.dropConstraint('posts', 'posts_author_title_key'),
  },
  {
    name: 'one column as a text',
    up: async (op) => {
      await op.addUnique('posts', 'other')
      await op.createIndex('posts', 'title', { where: 'other > 0' })
      await op.addForeignKey('posts', 'other', { table: 'users', columns: 'id' })
      await op.createTable('alone', {
        columns: { id: 'bigint', code: 'text', parent: 'bigint' },
        primaryKey: 'id',
        unique: ['code'],
        foreignKeys: [{ columns: 'parent', references: { table: 'alone', columns: 'id' } }],
      })
    },
    down: async (op) => {
      await op.dropTable('alone')
      await op.dropConstraint('posts', 'posts_other_fkey')
      await op.dropIndex('posts_title_idx')
      await op.dropConstraint('posts', 'posts_other_key')
    },
  },
  {
    name: 'addCheck',
    up: (op) => op.addCheck('posts', "title <> 'bad' or author > 0"),
    down: (op) => op.dropConstraint('posts', 'posts_title_author_check'),
  },
  {
    name: 'createEnum',
    up: (op) => op.createEnum('shade', ['a', "b'c"]),
    down: (op) => op.dropEnum('shade'),
  },
  {
    name: 'createView',
    up: (op) => op.createView('recent', 'select id, title from posts where id > 1;'),
    down: (op) => op.dropView('recent'),
  },
  {
    name: 'comment',
    up: async (op) => {
      await op.comment('users', "people's")
      await op.comment({ table: 'users', column: 'email' }, 'where to write')
    },
    down: async (op) => {
      await op.comment('users', null)
      await op.comment({ table: 'users', column: 'email' }, null)
    },
  },
  {
    name: 'hostile names',
    up: async (op) => {
      await op.createTable(`"${weird.replaceAll('"', '""')}"`, {
        columns: {
          [weird]: { type: 'integer', primaryKey: true },
          [long]: { type: 'text', unique: true },
          Upper: 'text',
        },
      })
      await op.addCheck(`"${weird.replaceAll('"', '""')}"`, '"Upper" <> \'x\'', { name: weird })
      await op.createIndex(`"${weird.replaceAll('"', '""')}"`, [long, weird, 'Upper'])
    },
    down: (op) => op.dropTable(`"${weird.replaceAll('"', '""')}"`),
  },
]

async function travel(ground: Ground, { name, up, down }: RoundTrip): Promise<void> {
  const count = async () =>
    await ground.rows(
      'select (select count(*) from users) as users, (select count(*) from adults) as adults, (select max(id) from users) as newest',
    )
  const before = await count()
  // Twice, then once: to do it again does nothing.
  for (const body of [up, up]) await ground.migrate(body)
  const there = await ground.catalogue()
  for (const body of [down, down]) await ground.migrate(body)
  const back = await ground.catalogue()
  assert.notEqual(back, name === 'createEnum' || name === 'comment' ? '' : there)
  await ground.migrate(up)
  assert.equal(await ground.catalogue(), there, 'up, down, up')
  await ground.migrate(down)
  assert.equal(await ground.catalogue(), back, 'down again')
  assert.deepEqual(await count(), before)
}

/** One after the other in one database: each leaves it as it was. */
testEach('there and back', async (ground, t) => {
  await ground.migrate(setUp)
  await ground.run(rows)
  for (const trip of trips) await t.test(trip.name, () => travel(ground, trip))
})

testEach('outside a transaction', async (ground) => {
  await ground.migrateStepwise(setUp)
  await ground.run(rows)
  await ground.migrateStepwise(async (op) => {
    await op.addCheck('users', 'age < 200', { name: 'users_young' })
    await op.alterColumn('users', 'age', { nullable: false })
    await op.dropColumn('users', 'note')
  })
  const [row] = await ground.rows('select count(*) as n from posts where author is not null')
  assert.equal(Number(row?.n), 2)
})

testEach('several at once run one after the other', async (ground) => {
  await ground.migrate(async (op) => {
    await setUp(op)
    await Promise.all([
      op.addColumn('posts', 'p', { type: 'text', unique: true }),
      op.addCheck('posts', 'id > 0'),
      op.createIndex('posts', ['p']),
    ])
  })
  assert.match(await ground.catalogue(), /posts_p_idx/)
})
