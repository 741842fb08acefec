/** SQL migrations that do not parse, cannot run as they are written, or fail. On PostgreSQL; SQLite's are in bad-sqlite. */
import { type BadInput, testBadInput } from '../helpers/bad-input.ts'

const file = 'migrations/0002_a.sql'

const sql = (
  name: string,
  text: string,
  more: Pick<BadInput, 'code' | 'message' | 'hint'> & Partial<BadInput>,
): BadInput => ({
  name,
  files: { 'migrations/0001_good.sql': 'create table good (id integer);\n', [file]: text },
  exit: 66,
  ...more,
})

const directive = (name: string, text: string, message: RegExp, line: number, hint: RegExp = /./): BadInput =>
  sql(name, text, { code: 'sql-directive', message, hint, at: { file, line } })

testBadInput([
  sql('a syntax error', 'create table a (\n  id integer,\n  name txet not nul\n);\n', {
    code: 'sql-syntax',
    message: /migrations\/0002_a\.sql: syntax error at or near "nul"/,
    hint: /correct the file/,
    at: { file, line: 3, column: 17, caret: 'nul' },
  }),
  sql(
    'a syntax error in the third statement, after letters of one, two, three and four bytes',
    "create table a (id integer);\ninsert into a values (1); -- ä € 🚢\nselect 'ä€🚢' x, id y z from a;\n",
    {
      code: 'sql-syntax',
      message: /syntax error at or near "z"/,
      hint: /correct the file/,
      at: { file, line: 3, column: 23, caret: 'z from' },
    },
  ),
  sql('a string that does not end', "select 1;\nselect 'it''s;\n", {
    code: 'sql-syntax',
    message: /unterminated quoted string/,
    hint: /correct the file/,
    at: { file, line: 2, column: 8, caret: "'it''s" },
  }),
  sql('a dollar quote that does not end', 'select 1;\ndo $body$ begin end $bdy$;\n', {
    code: 'sql-syntax',
    message: /unterminated dollar-quoted string/,
    hint: /./,
    at: { file, line: 2, column: 4, caret: '$body$' },
  }),
  sql('a syntax error in the down half', '-- migrate:up\nselect 1;\n-- migrate:down\ndrop tabel a;\n', {
    code: 'sql-syntax',
    message: /syntax error at or near "tabel"/,
    hint: /correct the file/,
    at: { file, line: 4, column: 6, caret: 'tabel' },
  }),
  sql('a command of psql', '\\i other.sql\nselect 1;\n', {
    code: 'sql-syntax',
    message: /\\i is a command of psql, not SQL/,
    hint: /write it as SQL, or use a TypeScript/,
    at: { file, line: 1, column: 1, caret: '\\i other' },
  }),
  sql('an empty file', '-- nothing yet\n', {
    code: 'no-up',
    message: /migrations\/0002_a\.sql holds no statement to run upwards/,
    hint: /^write a statement, below -- migrate:up/,
    at: { file },
  }),
  sql('an empty up section', '-- migrate:up\n-- migrate:down\nselect 1;\n', {
    code: 'no-up',
    message: /holds no statement to run upwards/,
    hint: /./,
  }),
  directive(
    '-- migrate:up twice',
    '-- migrate:up\nselect 1;\n-- migrate:up\nselect 2;\n',
    /second -- migrate:up/,
    3,
    /one section/,
  ),
  directive(
    '-- migrate:down first',
    '-- migrate:down\nselect 1;\n-- migrate:up\nselect 2;\n',
    /down comes before/,
    1,
  ),
  directive(
    'a misspelt directive',
    '-- migrate:upp\nselect 1;\n',
    /unknown directive -- migrate:upp/,
    1,
    /-- migrate:up/,
  ),
  directive('SQL above -- migrate:up', 'select 1;\n-- migrate:up\nselect 2;\n', /would never run/, 1),
  sql('an unknown option of -- migrate:up', '-- migrate:up transation:false\nselect 1;\n', {
    code: 'bad-options',
    message: /no option transation; did you mean transaction\?/,
    hint: /correct it in that file/,
  }),
  sql('rollback in a file', 'create table a (id integer);\nrollback;\n', {
    code: 'transaction-control',
    message: /migrations\/0002_a\.sql: .*rollback/,
    hint: /transaction:false/,
    at: { file, line: 2, column: 1, caret: 'rollback' },
  }),
  sql('commit in the middle', 'begin;\nselect 1;\ncommit;\nselect 2;\n', {
    code: 'transaction-control',
    message: /0002_a\.sql/,
    hint: /transaction:false/,
    at: { file, line: 1, column: 1, caret: 'begin' },
  }),
  sql(
    'create index concurrently in a transactional file',
    'select 1;\ncreate index concurrently i on good (id);\n',
    {
      code: 'needs-no-transaction',
      message: /migrations\/0002_a\.sql: .*create index concurrently/i,
      hint: /-- migrate:up transaction:false/,
      at: { file, line: 2, column: 1, caret: 'create index' },
    },
  ),
  {
    name: 'an unknown column, when it runs',
    files: {
      [file]: 'create table a (id integer);\ninsert into a values (1);\nupdate a set id = nmae;\n',
    },
    exit: 70,
    code: 'migration-failed',
    message: /0002_a failed at statement 3 of 3: column "nmae" does not exist/,
    hint: /correct it and run again: slipway up/,
    at: { file, line: 3, column: 19, caret: 'nmae' },
    check: ({ sqlstate, statement }) => {
      if (sqlstate !== '42703' || statement?.index !== 3 || statement.total !== 3)
        throw new Error(JSON.stringify({ sqlstate, statement }))
    },
  },
  {
    name: 'an unknown column after letters of several bytes',
    files: { [file]: "-- 🚢 ä\nselect 1; /* € */ select '🚢ä€', nmae from pg_class;\n" },
    exit: 70,
    code: 'migration-failed',
    message: /statement 2 of 2: column "nmae" does not exist/,
    hint: /slipway up/,
    at: { file, line: 2, caret: 'nmae from' },
  },
  {
    name: 'a constraint that does not hold: what the server says of it',
    files: { [file]: 'create table a (id integer primary key);\ninsert into a values (1), (1);\n' },
    exit: 70,
    code: 'migration-failed',
    message: /statement 2 of 2: duplicate key value violates unique constraint "a_pkey"/,
    hint: /slipway up/,
    at: { file, line: 2, column: 1, caret: 'insert' },
    check: (_, shown) => {
      if (!/SQLSTATE 23505, statement 2 of 2\n.*DETAIL +Key \(id\)=\(1\) already exists\./.test(shown))
        throw new Error(shown)
    },
  },
  {
    name: 'an error inside a function: its context',
    files: { [file]: 'do $$ begin\n  perform 1 / 0;\nend $$;\n' },
    exit: 70,
    code: 'migration-failed',
    message: /division by zero/,
    hint: /slipway up/,
    at: { file, line: 1, column: 1, caret: 'do' },
    check: (_, shown) => {
      if (!/CONTEXT .*inline_code_block line 2/s.test(shown)) throw new Error(shown)
    },
  },
  {
    name: 'a privilege that lacks inside a migration is a failure of the migration',
    files: { [file]: 'set local role pg_monitor;\ncreate table public.a (id integer);\n' },
    exit: 70,
    code: 'migration-failed',
    message: /statement 2 of 2: permission denied for schema public/,
    hint: /slipway up/,
  },
])
