/** An operation that fails half-way, and whose error the migration catches: nothing of it is there, in or out of a transaction. */
import assert from 'node:assert/strict'
import { type Operations, operationNames } from '../../../src/dialects/operations.ts'
import { uniqueName } from '../../helpers/postgres.ts'
import { type Body, type Ground, testEach, testPostgres } from './arena.ts'

async function setUp(op: Operations): Promise<void> {
  await op.createEnum('mood', ['a', 'b'])
  await op.createTable('users', {
    columns: {
      id: { type: 'bigint', identity: true, primaryKey: true },
      email: { type: 'varchar(100)', nullable: false, unique: true },
      nick: 'text',
      age: { type: 'integer', default: 3 },
      mood: { type: 'mood', default: 'a' },
    },
    checks: ['age > 0'],
  })
  await op.createIndex('users', 'nick', { unique: true })
  await op.createTable('posts', {
    columns: {
      id: { type: 'integer', primaryKey: true },
      author: 'bigint',
      title: 'text',
      mail: 'varchar(100)',
    },
    foreignKeys: [{ columns: 'mail', references: { table: 'users', columns: 'email' } }],
  })
  await op.createTable('seen', { columns: { a: 'integer', b: 'text' } })
  await op.createIndex('seen', 'b')
  await op.createView('shown', 'select a, b from seen')
  await op.createView('counted', 'select count(*) as n from shown')
  await op.createTable('tags', { columns: { code: 'text' } })
  await op.createIndex('tags', 'code', { unique: true, name: 'tags_code' })
  await op.createTable('tagged', {
    columns: { code: { type: 'text', references: { table: 'tags', column: 'code' } } },
  })
  await op.createTable('third', { columns: { mood: 'mood', n: 'integer' }, checks: ['n > 0'] })
}

const rows = `
  insert into users (email, nick, age) values ('A', 'N', 20), ('a', 'n', 30);
  insert into posts values (1, 1, 'x', 'A'), (2, 2, 'x', 'a');
  insert into seen values (1, 'one');
  insert into tags values ('t');
  insert into tagged values ('t');`

/** Rebuilding this table fails, which is the last of those that have the enum. */
const badRow = 'pragma ignore_check_constraints = on; insert into third values (null, -1);'

/** Most fail after they have changed something: a table is copied, renamed, dropped. */
const failing: Readonly<
  Record<keyof Operations, (op: Operations, dialect: Ground['dialect']) => Promise<unknown>>
> = {
  createTable: (op) => op.createTable('t', { columns: { a: 'integer' }, checks: ['nope('] }),
  dropTable: (op) => op.dropTable('seen'),
  renameTable: (op) => op.renameTable('posts', 'users'),
  addColumn: (op) =>
    op.addColumn('users', 'x', { type: 'text', nullable: false, unique: true, default: 'same' }),
  dropColumn: (op) => op.dropColumn('seen', 'b'),
  renameColumn: (op) => op.renameColumn('users', 'age', 'email'),
  alterColumn: (op) => op.alterColumn('users', 'nick', { type: 'varchar(9)', using: 'lower(nick)' }),
  createIndex: (op) => op.createIndex('posts', 'title', { unique: true }),
  dropIndex: (op) => op.dropIndex('tags_code'),
  addForeignKey: (op) => op.addForeignKey('posts', 'author', { table: 'users', columns: 'age' }),
  addUnique: (op) => op.addUnique('posts', 'title'),
  addCheck: (op) => op.addCheck('posts', "title <> 'x'"),
  dropConstraint: (op) => op.dropConstraint('users', 'users_email_key'),
  createEnum: (op) => op.createEnum('mood', ['a', 'c']),
  addEnumValue: (op, dialect) => op.addEnumValue('mood', 'z', dialect === 'sqlite' ? {} : { after: 'nope' }),
  dropEnum: (op) => op.dropEnum('mood'),
  createView: (op) => op.createView('bad', 'select from where'),
  dropView: (op) => op.dropView('shown'),
  comment: (op) => op.comment('nope', 'x'),
}

const tables = ['users', 'posts', 'seen', 'tags', 'tagged', 'third', 'shown', 'counted']

async function look(ground: Ground): Promise<string> {
  const dumped: string[] = [await ground.catalogue()]
  for (const table of tables)
    dumped.push(JSON.stringify(await ground.rows(`select * from ${table} order by 1`), replacer))
  return dumped.join('\n')
}

function replacer(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

testEach('what fails and is caught leaves nothing', async (ground) => {
  await ground.migrate(setUp)
  await ground.run(ground.dialect === 'sqlite' ? rows + badRow : rows)
  const before = await look(ground)
  const names = operationNames.filter((name) => name !== 'comment' || ground.dialect === 'postgres')
  for (const run of [ground.migrate, ground.migrateStepwise]) {
    await run(async (op, queries) => {
      for (const name of names) {
        await assert.rejects(failing[name](op, ground.dialect), name)
        // The migration goes on as if it had not been called.
        await queries.query('insert into third (n) values (5)', [])
      }
    })
    assert.equal((await ground.rows('select n from third where n = 5')).length, names.length)
    await ground.run('delete from third where n = 5')
    assert.equal(await look(ground), before, run === ground.migrate ? 'in a transaction' : 'outside of one')
  }
})

testEach('an enum is what it was before the operation that failed', async (ground) => {
  await ground.migrate(setUp)
  await ground.run(ground.dialect === 'sqlite' ? rows + badRow : rows)
  await ground.migrate(async (op) => {
    await assert.rejects(failing.addEnumValue(op, ground.dialect))
    await op.createEnum('mood', ['a', 'b'])
  })
})

testEach("a transaction of the migration's own goes on after an error", async (ground) => {
  await ground.migrate(setUp)
  await ground.run(rows)
  await ground.migrateStepwise(async (op, queries) => {
    if (ground.dialect === 'sqlite') await queries.query('pragma foreign_keys = off', [])
    await queries.query('begin', [])
    await op.addColumn('posts', 'x', 'text')
    await assert.rejects(op.addUnique('posts', 'title'))
    await op.addColumn('posts', 'y', 'text')
    await queries.query('commit', [])
  })
  await ground.rows('select x, y from posts')
})

const inParallel: Body = async (op, queries) => {
  const fill = async () => {
    for (let n = 1; n <= 20; n += 1) {
      await queries.query(`insert into t values (${n})`, [])
      const [row] = await queries.query('select count(*) as n from t', [])
      assert.equal(Number(row?.n), n)
    }
  }
  await Promise.all([
    op.alterColumn('t', 'n', { type: 'bigint', default: 5 }),
    fill(),
    op.createTable('t', { columns: { n: { type: 'bigint', default: 5 } } }),
    op.createIndex('t', 'n'),
    op.createIndex('t', 'n'),
    assert.rejects(op.addCheck('t', 'n < 0')),
  ])
}

testEach('queries beside operations lose nothing', async (ground) => {
  for (const run of [ground.migrate, ground.migrateStepwise]) {
    await ground.run('create table t (n integer)')
    await run(inParallel)
    assert.equal(Number((await ground.rows('select count(*) as n from t'))[0]?.n), 20)
    await ground.run('drop table t')
  }
})

testPostgres(
  'comparing a definition leaves nothing behind, with and without the right to temporary tables',
  async (ground) => {
    await ground.run(
      'create table t (n integer); create index t_n_idx on t (n); alter table t add constraint t_n_check check (n > 0)',
    )
    const role = uniqueName('poor')
    const [row] = await ground.rows('select current_database() as name')
    await ground.run(
      `create role ${role}; revoke temporary on database "${row?.name}" from public; grant usage, create on schema public to ${role}; alter table t owner to ${role}`,
    )
    try {
      for (const user of ['none', role])
        for (const run of [ground.migrate, ground.migrateStepwise]) {
          const before = await ground.catalogue()
          await run(async (op, queries) => {
            await queries.query(`set role ${user}`, [])
            await op.createTable('t', { columns: { n: 'integer' }, checks: ['n > 0'] })
            await assert.rejects(
              op.createIndex('t', [{ raw: 'n' }, { raw: 'nope' }], { name: 't_n_idx' }),
              /nope/,
            )
            await assert.rejects(op.addCheck('t', 'nope > 0', { name: 't_n_check' }), /nope/)
            await assert.rejects(op.addColumn('t', 'n', { type: 'text', unique: true }), /another definition/)
            const named = "select count(*)::int as n from pg_class where relname in ('t', '_slipway_wanted')"
            assert.deepEqual(await queries.query(named, []), [{ n: 1 }])
            await queries.query('reset role', [])
          })
          assert.equal(await ground.catalogue(), before)
        }
    } finally {
      await ground.run(`drop owned by ${role}; drop role ${role}`)
    }
  },
)
