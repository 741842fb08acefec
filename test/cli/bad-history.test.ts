/** Files and history that disagree: edited, missing, late, unmet dependencies, tables that are not ours. */
import { renameSync, rmSync } from 'node:fs'
import { checksumOf } from '../../src/plan/checksum.ts'
import { type BadInput, type Place, testBadInput } from '../helpers/bad-input.ts'

const users = 'create table users (\n  id integer\n);\n'
const edited = 'create table users (\n  id bigint\n);\n'
const files = {
  'migrations/0001_users.sql': users,
  'migrations/0002_posts.sql': 'create table posts (id integer);\n',
}
const applied = async ({ run }: Place) => void (await run('up'))
const late = { 'migrations/0001_early.sql': 'create table early (id integer);\n' }

const shortHash = (text: string) => checksumOf(text).replace('sha256-v1:', '').slice(0, 12)

const applyThenAdd =
  (more: Readonly<Record<string, string>>) =>
  async ({ run, workspace }: Place) => {
    await run('up')
    workspace.write(more)
  }

const dependency = (
  name: string,
  more: Readonly<Record<string, string>>,
  message: BadInput['message'],
): BadInput => ({
  name,
  files: { ...files, ...more },
  exit: 65,
  code: 'dependency',
  message,
  hint: /correct dependsOn/,
})

const dependsOn = (...names: readonly string[]) =>
  `export const options = { dependsOn: ${JSON.stringify(names)} }\nexport const up = async () => {}\n`

/** The columns another tool gives its table of this name. */
const foreign = (
  name: string,
  table: string,
  message: BadInput['message'],
  more: Partial<BadInput> = {},
): BadInput => ({
  name,
  before: async ({ db }) => void (await db.query(table)),
  exit: 65,
  code: 'foreign-history',
  message,
  hint: /export SLIPWAY_TABLE=slipway_migrations.*slipway stamp TARGET$/,
  ...more,
})

testBadInput([
  {
    name: 'an edited file: both checksums and the lines that differ',
    files,
    before: applyThenAdd({ 'migrations/0001_users.sql': edited }),
    exit: 65,
    code: 'changed',
    message: [
      /0001_users was edited after it was applied: migrations\/0001_users\.sql/,
      new RegExp(`${shortHash(users)} when applied`),
      new RegExp(`${shortHash(edited)} now`),
    ],
    hint: /restore the file.*slipway new NAME.*slipway repair --accept 0001_users$/,
    at: { file: 'migrations/0001_users.sql' },
    check: (_, shown) => {
      for (const line of ['-  id integer', '+  id bigint'])
        if (!shown.includes(line)) throw new Error(`the diff lacks ${line}:\n${shown}`)
    },
  },
  {
    name: 'an edited TypeScript file that has no types',
    files: { 'migrations/0001_users.ts': 'export const up = async () => {}\n' },
    before: applyThenAdd({ 'migrations/0001_users.ts': 'export const up = async () => { await 1 }\n' }),
    exit: 65,
    code: 'changed',
    message: /0001_users was edited after it was applied: migrations\/0001_users\.ts/,
    hint: /slipway repair --accept 0001_users$/,
  },
  {
    name: 'an applied migration without a file',
    files,
    before: async (place) => {
      await applied(place)
      rmSync(place.workspace.path('migrations/0001_users.sql'))
    },
    exit: 65,
    code: 'missing',
    message: /0001_users is applied, but has no file here/,
    hint: /restore the file, or keep it in old\/.*slipway repair --forget 0001_users$/,
  },
  {
    name: 'a file renamed after it was applied',
    files,
    before: async (place) => {
      await applied(place)
      const { path } = place.workspace
      renameSync(path('migrations/0001_users.sql'), path('migrations/0001_people.sql'))
    },
    exit: 65,
    code: 'missing',
    message: [
      /0001_users is applied, but has no file.*0001_people has the same text: was it renamed\?/,
      /0001_people is pending, but older than 0002_posts/,
    ],
    hint: /./,
  },
  {
    name: 'a late file: both are named',
    files: { 'migrations/0002_posts.sql': files['migrations/0002_posts.sql'] },
    before: applyThenAdd(late),
    exit: 65,
    code: 'late',
    message: /0001_early is pending, but older than 0002_posts, which is applied/,
    hint: /rename it.*outOfOrder: true.*SLIPWAY_OUT_OF_ORDER=allow/,
  },
  {
    name: 'every reason is told, not the first',
    files: { ...files, 'migrations/0003_x.sql': 'select 1;\n' },
    before: async (place) => {
      await applied(place)
      place.workspace.write({ 'migrations/0001_users.sql': edited, 'migrations/0002_posts.sql': undefined })
      place.workspace.write({ 'migrations/0000_early.sql': 'select 1;\n' })
    },
    exit: 65,
    code: 'changed',
    message: [/3 reasons to stop/, /0001_users was edited/, /0002_posts .*no file/, /0000_early is pending/],
    hint: /restore the file/,
  },
  dependency('a dependency that does not exist', { 'migrations/0003_a.ts': dependsOn('0001_usres') }, [
    /0003_a/,
    /0001_usres/,
  ]),
  dependency(
    'a dependency that sorts later',
    { 'migrations/0003_a.ts': dependsOn('0004_b'), 'migrations/0004_b.sql': 'select 1;' },
    [/0003_a/, /0004_b/],
  ),
  dependency(
    'dependencies in a circle',
    { 'migrations/0003_a.ts': dependsOn('0004_b'), 'migrations/0004_b.ts': dependsOn('0003_a') },
    [/0003_a/, /0004_b/],
  ),
  {
    name: 'SLIPWAY_ON_AHEAD=error and a newer database',
    files,
    before: async (place) => {
      await applied(place)
      rmSync(place.workspace.path('migrations/0002_posts.sql'))
    },
    env: { SLIPWAY_ON_AHEAD: 'error' },
    exit: 65,
    code: 'ahead',
    message: /0002_posts is applied, but unknown to this image/,
    hint: /SLIPWAY_ON_AHEAD=allow/,
  },
  {
    name: 'a newer database with a breaking migration',
    files: {
      ...files,
      'migrations/0003_drop.ts':
        'export const options = { breaking: true }\nexport const up = async ({ sql }) => { await sql`drop table posts` }\n',
    },
    before: async (place) => {
      await applied(place)
      rmSync(place.workspace.path('migrations/0003_drop.ts'))
    },
    exit: 65,
    code: 'ahead-breaking',
    message: /0003_drop is applied, unknown to this image, and declared breaking/,
    hint: /SLIPWAY_ON_AHEAD=allow-breaking/,
  },
  foreign('the table of dbmate or Rails', 'create table schema_migrations (version varchar primary key)', [
    /public\.schema_migrations exists but is not slipway's/,
    /columns version/,
    /dbmate and Rails/,
  ]),
  foreign(
    'the table of golang-migrate',
    'create table schema_migrations (version bigint primary key, dirty boolean not null)',
    [/public\.schema_migrations/, /golang-migrate/],
  ),
  foreign(
    'a table of nobody knows whom, for a verb that reads',
    'create table schema_migrations (a int, b int)',
    /columns a, b$/,
    {
      argv: ['status'],
    },
  ),
  {
    name: 'a history in another schema of the search path',
    files,
    before: async (place) => {
      await applied(place)
      await place.db.query(
        'create schema app; alter table schema_migrations set schema app; alter table schema_migrations_log set schema app',
      )
    },
    exit: 65,
    code: 'history-elsewhere',
    message: [/public\.schema_migrations is empty or absent/, /app\.schema_migrations/, /again/],
    hint: /SLIPWAY_SCHEMA=app slipway status/,
  },
])
