/** The same on SQLite, where it differs: files instead of servers, and errors without a position. */
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs'
import { type BadInput, goodMigration, testBadInput } from '../helpers/bad-input.ts'
import { runSqlite } from '../helpers/sqlite.ts'

const skipUnlessRoot = process.getuid?.() === 0 ? false : 'only root can run as another user'
const nobody = { uid: 65534, gid: 65534 }
const file = 'migrations/0002_a.sql'

const sqlite = (
  name: string,
  more: Pick<BadInput, 'exit' | 'code' | 'message' | 'hint'> & Partial<BadInput>,
): BadInput => ({ name, on: 'sqlite', ...more })

const sql = (
  name: string,
  text: string,
  more: Pick<BadInput, 'exit' | 'code' | 'message' | 'hint'> & Partial<BadInput>,
): BadInput => sqlite(name, { files: { [file]: text }, ...more })

testBadInput([
  sqlite('a directory that cannot be written', {
    skip: skipUnlessRoot,
    user: nobody,
    files: { ...goodMigration, 'data/.keep': '' },
    before: ({ workspace }) => chmodSync(workspace.path('data'), 0o755),
    env: ({ workspace }) => ({ SLIPWAY_DATABASE_URL: `sqlite://${workspace.path('data/app.db')}` }),
    exit: 73,
    code: 'not-writable',
    message: [/\/data/, /mode 0755 and owner 0:0; slipway runs as 65534:65534/],
    hint: /user that slipway runs as/,
  }),
  sqlite('a file that cannot be written', {
    skip: skipUnlessRoot,
    user: nobody,
    before: ({ workspace }) => {
      chownSync(workspace.dir, nobody.uid, nobody.gid)
      runSqlite(workspace.path('app.db'), 'create table t (id integer)')
      chmodSync(workspace.path('app.db'), 0o644)
    },
    exit: 73,
    code: 'not-writable',
    message: [/\/app\.db/, /mode 0644 and owner 0:0; slipway runs as 65534:65534/],
    hint: /user that slipway runs as/,
  }),
  sqlite('a directory that does not exist', {
    env: ({ workspace }) => ({ SLIPWAY_DATABASE_URL: `sqlite://${workspace.path('nowhere/app.db')}` }),
    exit: 73,
    code: 'not-writable',
    message: /the directory \/.*\/nowhere does not exist/,
    hint: /^mkdir -p \/.*\/nowhere, or mount the volume there$/,
  }),
  sqlite('a path that is a directory', {
    before: ({ workspace }) => mkdirSync(workspace.path('app.db')),
    exit: 78,
    code: 'bad-url',
    message: /\/app\.db is a directory, not a SQLite file/,
    hint: /./,
  }),
  sqlite('a file that is no database', {
    files: { ...goodMigration, 'app.db': 'this is a text, and quite a long one at that'.repeat(99) },
    exit: 78,
    code: 'bad-url',
    message: /\/app\.db is not a SQLite database/,
    hint: /point the URL at a SQLite file/,
  }),
  sqlite('the table of dbmate or Rails', {
    before: ({ workspace }) =>
      runSqlite(workspace.path('app.db'), 'create table schema_migrations (version varchar primary key)'),
    exit: 65,
    code: 'foreign-history',
    message: [/schema_migrations/, /version/, /Rails or dbmate/],
    hint: /SLIPWAY_TABLE=slipway_migrations/,
  }),
  sqlite('no URL parameters of PostgreSQL help: a host', {
    env: { SLIPWAY_DATABASE_URL: 'sqlite://app.db' },
    exit: 78,
    code: 'bad-url',
    message: /host where a SQLite file needs none/,
    hint: /sqlite:relative\/path\.db/,
  }),
  sql('a syntax error', 'create table a (\n  id integer,\n  name text not nul\n);\n', {
    exit: 66,
    code: 'sql-syntax',
    message: /migrations\/0002_a\.sql: .*near "nul": syntax error/,
    hint: /correct the file/,
    at: { file, line: 3, column: 17, caret: 'nul' },
  }),
  sql(
    'a syntax error in the third statement, after letters of several bytes',
    "create table a (id integer);\ninsert into a values (1); -- ä € 🚢\nselect 'ä€🚢' x, id y z from a;\n",
    {
      exit: 66,
      code: 'sql-syntax',
      message: /near "z": syntax error/,
      hint: /correct the file/,
      at: { file, line: 3, column: 23, caret: 'z from' },
    },
  ),
  sql('a string that does not end', "select 1;\nselect 'it''s;\n", {
    exit: 66,
    code: 'sql-syntax',
    message: /the string that begins with 'it''s; does not end/,
    hint: /correct the file/,
    at: { file, line: 2, column: 8, caret: "'it''s" },
  }),
  sql('an unknown column, when it runs', "create table a (id integer);\n-- 🚢\nselect '🚢', nmae from a;\n", {
    exit: 70,
    code: 'migration-failed',
    message: /0002_a failed at statement 2 of 2: no such column: nmae/,
    hint: /slipway up/,
    at: { file, line: 3, caret: 'nmae' },
  }),
  sql(
    'a constraint that does not hold',
    'create table a (id integer primary key);\ninsert into a values (1), (1);\n',
    {
      exit: 70,
      code: 'migration-failed',
      message: /statement 2 of 2: UNIQUE constraint failed: a\.id/,
      hint: /slipway up/,
      at: { file, line: 2, column: 1, caret: 'insert' },
      check: (_, shown) => {
        if (!/SQLITE_CONSTRAINT_PRIMARYKEY, statement 2 of 2/.test(shown)) throw new Error(shown)
      },
    },
  ),
  sql('rollback in a file', 'create table a (id integer);\nrollback;\n', {
    exit: 66,
    code: 'transaction-control',
    message: /"rollback" would end or split/,
    hint: /transaction:false/,
    at: { file, line: 2, column: 1, caret: 'rollback' },
  }),
  sql('vacuum in a transactional file', 'vacuum;\n', {
    exit: 66,
    code: 'needs-no-transaction',
    message: /vacuum.*cannot run inside a transaction/i,
    hint: /transaction:false/,
    at: { file, line: 1, column: 1, caret: 'vacuum' },
  }),
  sql(
    'a row without its parent',
    'create table p (id integer primary key);\ncreate table c (p integer references p deferrable initially deferred);\ninsert into c values (7);\n',
    {
      exit: 70,
      code: 'foreign-keys',
      message: [/0002_a/, /\bc\b/, /\bp\b/],
      hint: /correct the migration/,
    },
  ),
  sqlite('an edited file: the lines that differ', {
    files: { [file]: 'create table a (id integer);\n' },
    before: async ({ run, workspace }) => {
      await run('up')
      workspace.write({ [file]: 'create table a (id bigint);\n' })
    },
    exit: 65,
    code: 'changed',
    message: /0002_a was edited after it was applied/,
    hint: /restore the file/,
    check: (_, shown) => {
      for (const line of ['-create table a (id integer);', '+create table a (id bigint);'])
        if (!shown.includes(line)) throw new Error(shown)
    },
  }),
  sqlite('an applied migration without a file, and a late one', {
    files: { 'migrations/0001_a.sql': 'select 1;', 'migrations/0003_c.sql': 'select 3;' },
    before: async ({ run, workspace }) => {
      await run('up')
      rmSync(workspace.path('migrations/0001_a.sql'))
      workspace.write({ 'migrations/0002_b.sql': 'select 2;' })
    },
    exit: 65,
    code: 'missing',
    message: [/0001_a is applied, but has no file/, /0002_b is pending, but older than 0003_c/],
    hint: /keep it in old\//,
  }),
  sqlite('a version in the future', {
    files: { 'migrations/29990101000000_later.sql': 'select 1;' },
    exit: 66,
    code: 'future',
    message: /29990101000000_later is more than a day ahead/,
    hint: /rename it: a version is a time in UTC/,
  }),
])
