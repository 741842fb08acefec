/** No migration loses a row of a child table by accident. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemory } from '../../../src/dialects/sqlite/driver.ts'
import { countChildren, findParentDrop } from '../../../src/dialects/sqlite/foreign-keys.ts'
import {
  type CodeRun,
  codeAttempt,
  createFolder,
  execute,
  openReady,
  query,
  sqlAttempt,
  stateOf,
  stepwise,
} from './fixture.ts'

const family = `
  create table parent (id integer primary key, name text);
  create table cascading (id integer primary key, parent_id references parent on delete cascade);
  create table nulling (id integer primary key, parent_id references parent on delete set null);
  insert into parent values (1, 'a'), (2, 'b');
  insert into cascading values (10, 1), (11, 2);
  insert into nulling values (20, 1), (21, null);`

const rebuild = `
  create table parent_new (id integer primary key, name text not null);
  insert into parent_new select id, name from parent;
  drop table parent;
  alter table parent_new rename to parent;`

const intact = {
  cascading: [
    { id: 10, parent_id: 1 },
    { id: 11, parent_id: 2 },
  ],
  nulling: [
    { id: 20, parent_id: 1 },
    { id: 21, parent_id: null },
  ],
}

function childrenOf(file: string) {
  return {
    cascading: query(file, 'select * from cascading order by id'),
    nulling: query(file, 'select * from nulling order by id'),
  }
}

test('rebuilding a parent without the pragma loses no row', async (t) => {
  const sendAll = (text: string): CodeRun => {
    return async (executor) => {
      for (const statement of text.split(';').filter((part) => part.trim() !== ''))
        await executor.query(statement, [])
    }
  }
  const ways = {
    sql: async (text: string) => await sqlAttempt('0001', text),
    'code, one query each': async (text: string) => codeAttempt('0001', sendAll(text)),
    'code, one text': async (text: string) =>
      codeAttempt('0001', async (executor) => void (await executor.query(text, []))),
    'code that swallows what it is told': async (text: string) =>
      codeAttempt('0001', async (executor) => {
        for (const statement of text.split(';').filter((part) => part.trim() !== ''))
          await executor.query(statement, []).catch(() => {})
      }),
  }
  for (const [way, make] of Object.entries(ways)) {
    await t.test(way, async () => {
      using folder = createFolder()
      execute(folder.file, family)
      await using session = await openReady(folder.file)
      await session.applyInTransaction(await make(rebuild))
      assert.deepEqual(childrenOf(folder.file), intact)
      assert.equal(await stateOf(session, '0001'), 'applied')
      assert.deepEqual(query(folder.file, 'pragma foreign_key_check'), [])
      assert.match(
        String(query(folder.file, `select sql from sqlite_schema where name = 'cascading'`)[0]?.sql),
        /references parent on delete cascade/,
      )
    })
  }
  await t.test('step by step, in a group of its own', async () => {
    using folder = createFolder()
    execute(folder.file, family)
    await using session = await openReady(folder.file)
    await session.applyStepwise(stepwise(await sqlAttempt('0001', `begin; ${rebuild} commit`)))
    assert.deepEqual(childrenOf(folder.file), intact)
  })
  await t.test('hostile names', async () => {
    using folder = createFolder()
    execute(
      folder.file,
      `create table "pa;r""e'nt" (id integer primary key);
       create table [ch;ild "x"] (p references "pa;r""e'nt" on delete cascade);
       insert into "pa;r""e'nt" values (1); insert into [ch;ild "x"] values (1)`,
    )
    await using session = await openReady(folder.file)
    await session.applyInTransaction(
      await sqlAttempt(
        '0001',
        `create table n (id integer primary key); insert into n select * from "pa;r""e'nt";
         drop table "pa;r""e'nt"; alter table n rename to "pa;r""e'nt"`,
      ),
    )
    assert.deepEqual(query(folder.file, 'select p from [ch;ild "x"]'), [{ p: 1 }])
  })
})

test('composite and self-referring keys survive a rebuild', async () => {
  using folder = createFolder()
  execute(
    folder.file,
    `create table node (a, b, up_a, up_b, primary key (a, b), foreign key (up_a, up_b) references node (a, b) on delete cascade);
     create table leaf (x, y, foreign key (x, y) references node on delete cascade);
     insert into node values (1, 1, null, null), (1, 2, 1, 1);
     insert into leaf values (1, 2), (null, 7)`,
  )
  await using session = await openReady(folder.file)
  await session.applyInTransaction(
    codeAttempt('0001', async (executor) => {
      await executor.query(
        `create table node_new (a, b, up_a, up_b, c default 0, primary key (a, b), foreign key (up_a, up_b) references node (a, b) on delete cascade);
         insert into node_new (a, b, up_a, up_b) select a, b, up_a, up_b from node;
         drop table node;
         alter table node_new rename to node`,
        [],
      )
    }),
  )
  assert.deepEqual(query(folder.file, 'select count(*) as n from node'), [{ n: 2 }])
  assert.deepEqual(query(folder.file, 'select count(*) as n from leaf'), [{ n: 2 }])
  assert.deepEqual(query(folder.file, 'pragma foreign_key_check'), [])
})

test('a cascade that a migration relies on happens', async (t) => {
  const text = 'delete from parent where id = 1'
  const ways = {
    sql: () => sqlAttempt('0001', text),
    code: async () => codeAttempt('0001', async (executor) => void (await executor.query(text, []))),
  }
  for (const [way, make] of Object.entries(ways)) {
    await t.test(way, async () => {
      using folder = createFolder()
      execute(folder.file, family)
      await using session = await openReady(folder.file)
      await session.applyInTransaction(await make())
      assert.deepEqual(query(folder.file, 'select id from cascading'), [{ id: 11 }])
      assert.deepEqual(query(folder.file, 'select id, parent_id from nulling order by id'), [
        { id: 20, parent_id: null },
        { id: 21, parent_id: null },
      ])
    })
  }
})

test('code may drop a table that only refers to itself or to others, with cascades at work', async () => {
  using folder = createFolder()
  execute(
    folder.file,
    `${family} create table chain (id integer primary key, up references chain); insert into chain values (1, null), (2, 1)`,
  )
  await using session = await openReady(folder.file)
  let runs = 0
  await session.applyInTransaction(
    codeAttempt('0001', async (executor) => {
      runs += 1
      await executor.query('drop table chain; drop table nulling; delete from parent where id = 1', [])
    }),
  )
  assert.equal(runs, 1)
  assert.deepEqual(query(folder.file, 'select id from cascading'), [{ id: 11 }])
})

test('rows left without their parent are refused, by table, rowid and parent', async (t) => {
  const texts = {
    'the parent dropped': [
      family,
      'drop table parent',
      /cascading rowid 10 → parent; cascading rowid 11 → parent; nulling rowid 20 → parent$/,
    ],
    'a row of the parent lost in the copy': [
      family,
      rebuild.replace('from parent;', 'from parent where id = 1;'),
      /cascading rowid 11 → parent$/,
    ],
    'a cascade that enforcement would have done': [
      family,
      'create table junk (a); drop table junk; delete from parent where id = 2',
      /cascading rowid 11 → parent$/,
    ],
    'without rowid': [
      `create table p (id primary key); create table c (id primary key, p references p) without rowid; insert into p values (1); insert into c values (1, 1)`,
      'drop table p',
      /c → p$/,
    ],
  } as const
  for (const [what, [setup, text, message]] of Object.entries(texts)) {
    await t.test(what, async () => {
      using folder = createFolder()
      execute(folder.file, setup)
      await using session = await openReady(folder.file)
      const before = query(folder.file, 'select name, sql from sqlite_schema')
      await assert.rejects(session.applyInTransaction(await sqlAttempt('0001', text)), {
        code: 'foreign-keys',
        message,
      })
      assert.deepEqual(query(folder.file, 'select name, sql from sqlite_schema'), before)
      assert.equal(await stateOf(session, '0001'), undefined)
    })
  }
})

test('what was violated before stays the app’s affair', async () => {
  using folder = createFolder()
  execute(folder.file, `${family} insert into cascading values (12, 99)`)
  await using session = await openReady(folder.file)
  await session.applyInTransaction(await sqlAttempt('0001', rebuild))
  assert.equal(query(folder.file, 'select count(*) as n from cascading')[0]?.n, 3)
  await assert.rejects(
    session.applyInTransaction(
      await sqlAttempt(
        '0002',
        'create table junk (a); drop table junk; insert into cascading values (13, 99)',
      ),
    ),
    { code: 'foreign-keys', message: /: cascading rowid 13 → parent$/ },
  )
})

test('a foreign key to a column that is not unique stops nothing', async () => {
  using folder = createFolder()
  execute(
    folder.file,
    `${family} create table odd (a references parent (name)); insert into odd values ('a')`,
  )
  await using session = await openReady(folder.file)
  await session.applyInTransaction(await sqlAttempt('0001', rebuild))
  assert.deepEqual(childrenOf(folder.file), intact)
})

test('step by step, a drop that would cascade is refused before it happens', async (t) => {
  const cases = {
    sql: async () => await sqlAttempt('0001', 'create table junk (a); drop table parent'),
    code: async () =>
      codeAttempt('0001', async (executor) => void (await executor.query('drop table parent', []))),
  }
  for (const [what, make] of Object.entries(cases)) {
    await t.test(what, async () => {
      using folder = createFolder()
      execute(folder.file, family)
      await using session = await openReady(folder.file)
      await assert.rejects(session.applyStepwise(stepwise(await make())), {
        code: 'foreign-keys',
        message: /dropping parent now .* cascading, nulling/,
      })
      assert.deepEqual(childrenOf(folder.file), intact)
      assert.equal(await stateOf(session, '0001'), 'started')
    })
  }
  await t.test('with the pragma it is the author’s decision', async () => {
    using folder = createFolder()
    execute(folder.file, family)
    await using session = await openReady(folder.file)
    await session.applyStepwise(stepwise(await sqlAttempt('0001', `pragma foreign_keys = off; ${rebuild}`)))
    assert.deepEqual(childrenOf(folder.file), intact)
  })
  await t.test('a group that would leave rows without their parent is rolled back', async () => {
    using folder = createFolder()
    execute(folder.file, family)
    await using session = await openReady(folder.file)
    await assert.rejects(
      session.applyStepwise(stepwise(await sqlAttempt('0001', 'begin; drop table parent; commit'))),
      { code: 'foreign-keys', message: /cascading rowid 10 → parent/ },
    )
    assert.deepEqual(childrenOf(folder.file), intact)
    assert.deepEqual(query(folder.file, 'select count(*) as n from parent'), [{ n: 2 }])
  })
})

test('counting the children around a drop tells of a loss', () => {
  const handle = openMemory()
  handle.exec(family)
  const drop = findParentDrop(handle, 'drop table if exists "PARENT"')
  assert.deepEqual(drop, { table: 'PARENT', children: ['cascading', 'nulling'] })
  const findLoss = drop === undefined ? undefined : countChildren(handle, drop)
  assert.equal(findLoss?.(), undefined)
  handle.exec('pragma foreign_keys = on; drop table parent')
  assert.match(findLoss?.()?.message ?? '', /dropping PARENT changed .*: cascading had 2 rows and now has 0$/)
  handle.close()
})
