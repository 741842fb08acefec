/** adopt: tools and tables that are not there, work that another tool left undone, files that are nobody's, and names in the way. */
import { type BadInput, type Place, testBadInput } from '../helpers/bad-input.ts'
import { foreignHistories } from '../helpers/foreign-histories.ts'
import { runSqlite } from '../helpers/sqlite.ts'

const of = (tool: string) => {
  const found = foreignHistories.find((each) => each.tool === tool)
  if (found === undefined) throw new Error(tool)
  const files = Object.fromEntries(
    Object.entries(found.files).map(([name, text]) => [`migrations/${name}`, text]),
  )
  return { files, sql: found.sql.postgres ?? '', sqlite: found.sql.sqlite ?? '' }
}

const run =
  (...texts: readonly string[]) =>
  async ({ db }: Place) => {
    for (const text of texts) await db.query(text)
  }

/** The fixture of a tool, with something changed; in a file, unless it is a server's own that is told. */
const left = (tool: string, ...more: readonly string[]) => ({
  on: 'sqlite' as const,
  files: of(tool).files,
  before: ({ workspace }: Place) =>
    runSqlite(workspace.path('app.db'), [of(tool).sqlite, ...more].join(';\n')),
  argv: ['adopt', '--yes'],
})

const leftOnServer = (tool: string, ...more: readonly string[]) => ({
  files: of(tool).files,
  before: run(of(tool).sql, ...more),
  argv: ['adopt', '--yes'],
})

const without = (files: Readonly<Record<string, string>>, gone: string) =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== gone))

const usage = (
  name: string,
  argv: readonly string[],
  row: Pick<BadInput, 'code' | 'message' | 'hint'>,
): BadInput => ({
  name,
  argv,
  exit: 64,
  ...row,
})

const arguments_: readonly BadInput[] = [
  usage('an unknown tool', ['adopt', '--from', 'flywya'], {
    code: 'bad-value',
    message: /--from must be dbmate, .*, alembic, not "flywya"/,
    hint: /^slipway adopt --from flyway$/,
  }),
  usage('a tool that is nothing like one', ['adopt', '--from', "x'; drop table y; --"], {
    code: 'bad-value',
    message: /--from must be/,
    hint: /adopt --help/,
  }),
  usage('adopt of a word', ['adopt', 'goose'], {
    code: 'bad-argument',
    message: /adopt does not take the argument "goose"/,
    hint: /adopt --help/,
  }),
  usage('a table that is no name', ['adopt', '--from-table', 'a.b.c'], {
    code: 'bad-value',
    message: /--from-table: cannot read "a.b.c" as a name/,
    hint: /adopt --help/,
  }),
]

const sources: readonly BadInput[] = [
  {
    name: 'nothing to adopt',
    argv: ['adopt'],
    before: run('create table goose_db_version (id integer)', 'create table versions (version text)'),
    exit: 65,
    code: 'foreign-missing',
    message: /holds no history of another tool/,
    hint: /^check that the URL names the right database, or name the table: slipway adopt --from-table NAME$/,
  },
  {
    name: 'nothing to adopt on SQLite',
    on: 'sqlite',
    argv: ['adopt', '--from', 'dbmate'],
    exit: 65,
    code: 'foreign-missing',
    message: /holds no history of dbmate/,
    hint: /--from-table NAME/,
  },
  {
    name: 'the history of another tool than asked for',
    ...leftOnServer('goose'),
    argv: ['adopt', '--from', 'Flyway'],
    exit: 65,
    code: 'foreign-missing',
    message: /no history of Flyway; goose has public\.goose_db_version/,
    hint: /^slipway adopt --from goose$/,
  },
  {
    name: 'a table that is not there',
    ...left('goose'),
    argv: ['adopt', '--from-table', 'no such; table'],
    exit: 65,
    code: 'foreign-missing',
    message: /no history called no such; table of another tool/,
    hint: /--from-table NAME/,
  },
  {
    name: 'a table with columns of nobody',
    argv: ['adopt', '--from-table', 'public.oddly'],
    before: run('create table oddly (a integer, version text)'),
    exit: 65,
    code: 'foreign-missing',
    message: /public\.oddly has the columns a, version, which are not those of another tool/,
    hint: /--from-table NAME/,
  },
  {
    name: 'two tools',
    files: of('prisma').files,
    before: run(of('prisma').sql, of('knex').sql),
    argv: ['adopt', '--yes'],
    exit: 64,
    code: 'foreign-ambiguous',
    message:
      /public\._prisma_migrations of Prisma and public\.knex_migrations of Knex|knex_migrations of Knex and public\._prisma/,
    hint: /slipway adopt --from prisma/,
  },
  {
    name: 'one tool in two schemas that are not ours',
    argv: ['adopt', '--yes'],
    before: run(
      'create schema a; create schema b',
      'create table a.goose_db_version (id integer, version_id bigint, is_applied boolean, tstamp timestamp)',
      'create table b.goose_db_version (id integer, version_id bigint, is_applied boolean, tstamp timestamp)',
    ),
    exit: 64,
    code: 'foreign-ambiguous',
    message: /a\.goose_db_version of goose and b\.goose_db_version of goose/,
    hint: /^slipway adopt --from-table a\.goose_db_version, or slipway adopt --from-table b\.goose_db_version$/,
  },
]

const undone: readonly BadInput[] = [
  {
    name: 'a dirty version of golang-migrate',
    ...left('golang-migrate', 'update schema_migrations set dirty = true'),
    exit: 79,
    code: 'foreign-unfinished',
    message: /version 3 is dirty/,
    hint: /migrate force VERSION/,
  },
  {
    name: 'a failed migration of Flyway',
    ...left('flyway', "update flyway_schema_history set success = false where version = '1.1'"),
    argv: ['adopt', '--convert', '--yes'],
    exit: 79,
    code: 'foreign-unfinished',
    message: /flyway_schema_history says that 1\.1 failed/,
    hint: /flyway repair/,
  },
  {
    name: 'an unfinished migration of Prisma',
    ...left('prisma', "update _prisma_migrations set finished_at = null where id = 'd'"),
    exit: 79,
    code: 'foreign-unfinished',
    message: /20250103000000_orders did not finish/,
    hint: /prisma migrate resolve --rolled-back 20250103000000_orders/,
  },
  {
    name: 'a held lock of Knex',
    ...leftOnServer('knex', 'update knex_migrations_lock set is_locked = 1'),
    argv: ['adopt', '--convert', '--yes'],
    exit: 79,
    code: 'foreign-unfinished',
    message: /Knex holds the lock beside public\.knex_migrations/,
    hint: /knex migrate:unlock/,
  },
]

const files: readonly BadInput[] = [
  {
    name: 'a row without a file',
    ...left('dbmate'),
    files: without(of('dbmate').files, 'migrations/20250102000000_email.sql'),
    exit: 65,
    code: 'foreign-unmapped',
    message: /dbmate applied 20250102000000, and no file of migrations or its old\/ is that one/,
    hint: /put its file into migrations\/old/,
  },
  {
    name: 'a version of golang-migrate that no file has',
    ...left('golang-migrate', 'update schema_migrations set version = 7'),
    exit: 65,
    code: 'foreign-unmapped',
    message: /golang-migrate applied 7/,
    hint: /migrations\/old/,
  },
  {
    name: 'a revision of Alembic that no file has',
    ...left('alembic'),
    files: without(of('alembic').files, 'migrations/old/1b2c_email.py'),
    exit: 65,
    code: 'foreign-unmapped',
    message: /Alembic applied 1b2c/,
    hint: /migrations\/old/,
  },
  {
    name: 'a revision that Alembic did not apply',
    ...left('alembic', "update alembic_version set version_num = '9d9d'"),
    exit: 66,
    code: 'foreign-files',
    message: [/old\/1b2c_email\.py is a migration for Alembic alone/, /old\/f3e1_merge\.py/],
    hint: /apply it with Alembic and adopt then/,
  },
  {
    name: 'a migration of Knex that Knex did not apply',
    ...left('knex', "delete from knex_migrations where name = '20250102000000_email.js'"),
    argv: ['adopt', '--convert', '--yes'],
    exit: 66,
    code: 'foreign-files',
    message: /migrations\/20250102000000_email\.ts is a migration for Knex alone, and Knex did not apply it/,
    hint: /apply it with Knex/,
  },
  {
    name: 'a repeatable migration that Flyway did not apply',
    ...left('flyway', 'delete from flyway_schema_history where version is null'),
    argv: ['adopt', '--convert', '--yes'],
    exit: 66,
    code: 'foreign-files',
    message: /migrations\/R__names\.sql is a migration for Flyway alone/,
    hint: /apply it with Flyway/,
  },
  {
    name: 'a repeatable migration that Flyway would run again',
    ...left('flyway'),
    files: { ...of('flyway').files, 'migrations/R__names.sql': 'create view names as select 2 as id;' },
    argv: ['adopt', '--convert', '--yes'],
    exit: 66,
    code: 'foreign-files',
    message: /migrations\/R__names\.sql is a migration for Flyway alone/,
    hint: /apply it with Flyway/,
  },
  {
    name: 'a file between that the tool has not applied',
    ...left('dbmate', "delete from schema_migrations where version = '20250102000000'"),
    exit: 65,
    code: 'late',
    message: /20250102000000_email is pending, but older than 20250103000000_orders/,
    hint: /SLIPWAY_OUT_OF_ORDER=allow/,
  },
  {
    name: 'a pending file of goose that takes variables of the environment',
    ...left('goose'),
    files: {
      ...of('goose').files,
      'migrations/00009_env.sql': '-- +goose Up\n-- +goose ENVSUB ON\nselect 1;\n',
    },
    argv: ['adopt', '--convert', '--yes'],
    exit: 66,
    code: 'foreign-files',
    message: /00009_env\.sql cannot be converted: goose puts environment variables into it/,
    hint: /by hand/,
  },
  {
    name: 'a way back of Flyway that is no SQL',
    ...left('flyway'),
    files: { ...of('flyway').files, 'migrations/U1_1__email.sql': 'alter users drop column email;' },
    argv: ['adopt', '--convert', '--yes'],
    exit: 66,
    code: 'foreign-files',
    message: /migrations\/V1_1__email\.sql cannot be converted: .*syntax/,
    hint: /by hand/,
  },
  {
    name: 'two rows for one file',
    ...left('dbmate', "insert into schema_migrations values ('020250102000000')"),
    exit: 65,
    code: 'foreign-unmapped',
    message:
      /dbmate applied 20250102000000 and 020250102000000, and migrations\/20250102000000_email\.sql alone is either/,
    hint: /delete one of them from the table of dbmate/,
  },
  {
    name: 'one row twice',
    ...left('knex', 'insert into knex_migrations (name, batch) select name, 2 from knex_migrations limit 1'),
    argv: ['adopt', '--convert', '--yes'],
    exit: 65,
    code: 'foreign-unmapped',
    message:
      /Knex applied 20250101000000_users twice, and migrations\/20250101000000_users\.js alone is either/,
    hint: /delete one of them from the table of Knex/,
  },
  {
    name: 'two files of one name',
    ...left('alembic'),
    files: {
      ...of('alembic').files,
      'migrations/old/more/1b2c_email.py': of('alembic').files['migrations/old/9d9d_orders.py'] ?? '',
      'migrations/old/9d9d_orders.py': '',
    },
    exit: 66,
    code: 'duplicate',
    message: /1b2c_email\.py and .*1b2c_email\.py are both 1b2c_email/,
    hint: /rename/,
  },
  {
    name: 'files in the form of goose',
    ...left('goose'),
    exit: 66,
    code: 'foreign-files',
    message: [
      /00001_users\.sql is in the form of goose/,
      /00003_orders\.go belongs in old\/: slipway runs no go files/,
    ],
    hint: /slipway adopt --convert --dry-run/,
  },
  {
    name: 'another file in the place of an original',
    ...left('goose'),
    files: { ...of('goose').files, 'migrations/old/00001_users.sql.goose': 'select 2;' },
    argv: ['adopt', '--convert', '--yes'],
    exit: 66,
    code: 'foreign-files',
    message: /00001_users\.sql belongs in migrations\/old\/00001_users\.sql\.goose, and another one is there/,
    hint: /which of the two is right/,
  },
  {
    name: 'a folder that is not there',
    ...left('dbmate'),
    argv: ['adopt', '--dir', './nowhere', '--yes'],
    exit: 66,
    code: 'dir-missing',
    message: /does not exist: .*nowhere/,
    hint: /SLIPWAY_DIR/,
  },
  {
    name: 'a file that is misnamed for everybody',
    ...left('dbmate'),
    files: { ...of('dbmate').files, 'migrations/seed.sql': 'select 1;' },
    exit: 66,
    code: 'misnamed',
    message: /seed\.sql begins with no version/,
    hint: /rename it/,
  },
]

const names: readonly BadInput[] = [
  {
    name: 'something has the name that the table would get',
    ...left('dbmate', 'create view schema_migrations_dbmate as select 1 as one'),
    exit: 65,
    code: 'foreign-history',
    message:
      /schema_migrations of dbmate would become schema_migrations_dbmate, and there is something of that name/,
    hint: /SLIPWAY_TABLE=slipway_migrations/,
  },
  {
    name: 'a table of somebody else has our name',
    ...leftOnServer('knex', 'create table schema_migrations (version text, extra text)'),
    argv: ['adopt', '--convert', '--yes'],
    exit: 65,
    code: 'foreign-history',
    message: /public\.schema_migrations exists but is not slipway's/,
    hint: /SLIPWAY_TABLE=slipway_migrations/,
  },
  {
    name: 'up, before the table of dbmate is taken over',
    ...leftOnServer('dbmate'),
    argv: ['up'],
    exit: 65,
    code: 'foreign-history',
    message: /as dbmate and Rails make it/,
    hint: /^take it over, after a look at what that does: slipway adopt --dry-run/,
  },
  {
    name: 'nobody confirms',
    ...leftOnServer('dbmate'),
    argv: ['adopt'],
    exit: 79,
    code: 'not-confirmed',
    message:
      /record as applied, as dbmate has it: 20250101000000_users, .*; rename public\.schema_migrations to schema_migrations_dbmate; there is no terminal/,
    hint: /^slipway adopt --yes$/,
  },
]

testBadInput([...arguments_, ...sources, ...undone, ...files, ...names])
