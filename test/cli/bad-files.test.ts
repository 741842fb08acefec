/** The folder of migrations: missing, empty, misnamed, doubled, unreadable. */
import { chmodSync } from 'node:fs'
import { type BadInput, type LoggedError, testBadInput } from '../helpers/bad-input.ts'

const skipUnlessRoot = process.getuid?.() === 0 ? false : 'only root can run as another user'
const create = (table: string) => `create table ${table} (id integer);\n`

const duplicate = (name: string, files: readonly string[], message: readonly RegExp[]): BadInput => ({
  name,
  files: Object.fromEntries(files.map((file) => [`migrations/${file}`, create('t')])),
  exit: 66,
  code: 'duplicate',
  message,
  hint: /rename or remove one/,
})

testBadInput([
  {
    name: 'no folder',
    files: { 'elsewhere/0001_a.sql': create('a') },
    exit: 66,
    code: 'dir-missing',
    message: /the folder of migrations does not exist: \/.*\/migrations/,
    hint: /check the mount, or set SLIPWAY_DIR/,
  },
  {
    name: 'the folder is a file',
    files: { migrations: 'x' },
    exit: 66,
    code: 'dir-missing',
    message: /not a folder: \/.*\/migrations/,
    hint: /SLIPWAY_DIR/,
  },
  {
    name: 'a folder of another user',
    skip: skipUnlessRoot,
    files: { 'migrations/0001_a.sql': create('a') },
    before: ({ workspace }) => chmodSync(workspace.path('migrations'), 0o700),
    user: { uid: 65534, gid: 65534 },
    exit: 66,
    code: 'dir-missing',
    message: [/cannot be read: \/.*\/migrations/, /mode 0700, owner 0:0; slipway runs as 65534:65534/],
    hint: /SLIPWAY_DIR/,
  },
  {
    name: 'a file of another user',
    skip: skipUnlessRoot,
    files: { 'migrations/0001_a.sql': create('a') },
    before: ({ workspace }) => chmodSync(workspace.path('migrations/0001_a.sql'), 0o600),
    user: { uid: 65534, gid: 65534 },
    exit: 66,
    code: 'file-unreadable',
    message: [/migrations\/0001_a\.sql/, /mode 0600, owner 0:0; slipway runs as 65534:65534/],
    hint: /readable for the user/,
  },
  {
    name: 'an empty folder',
    files: { 'migrations/.gitkeep': '' },
    exit: 66,
    code: 'dir-empty',
    message: /no migration in \/.*\/migrations/,
    hint: /check the mount, or pass --allow-empty/,
  },
  {
    name: 'a folder of other things: they are named',
    files: { 'migrations/server.conf': '', 'migrations/README.md': '' },
    exit: 66,
    code: 'dir-empty',
    message: /no migration in \/.*\/migrations; it holds README\.md, server\.conf/,
    hint: /check the mount/,
  },
  duplicate(
    'two files of one name',
    ['0001_a.ts', '0001_a.sql'],
    [/migrations\/0001_a\.sql and migrations\/0001_a\.ts are one migration, 0001_a/],
  ),
  duplicate(
    'a pair and a single file',
    ['0001_a.up.sql', '0001_a.down.sql', '0001_a.sql'],
    [/migrations\/0001_a\.sql and migrations\/0001_a\.up\.sql are one migration/],
  ),
  duplicate(
    'a folder and a file',
    ['0001_a/up.sql', '0001_a.sql'],
    [/migrations\/0001_a\.sql and migrations\/0001_a\/up\.sql are one migration/],
  ),
  duplicate(
    'one version and slug in two spellings',
    ['1_a.sql', '001_a.sql'],
    [/migrations\/001_a\.sql and migrations\/1_a\.sql have one version and one slug/],
  ),
  {
    name: 'misnamed files: all of them are listed, each with the reason',
    files: {
      'migrations/0001_good.sql': create('good'),
      'migrations/add_users.sql': create('users'),
      'migrations/seed.ts': 'export const up = async () => {}',
      'migrations/0002_types.mts': 'export const up = async () => {}',
      'migrations/0003_a.up.ts': 'export const up = async () => {}',
      'migrations/0004_b.down.sql': create('b'),
    },
    exit: 66,
    code: 'misnamed',
    message: [
      /5 files are not named like migrations/,
      /migrations\/add_users\.sql begins with no version/,
      /migrations\/seed\.ts begins with no version/,
      /migrations\/0002_types\.mts rename it to \.ts|migrations\/0002_types\.mts .*\.ts/,
      /migrations\/0003_a\.up\.ts .*both directions/,
      /migrations\/0004_b\.down\.sql/,
    ],
    hint: /YYYYMMDDHHMMSS_slug, or put _ in front/,
  },
  {
    name: 'a version in the future',
    files: { 'migrations/29990101000000_later.sql': create('later') },
    exit: 66,
    code: 'future',
    message: /29990101000000_later is more than a day ahead of the database's clock \(20\d\d-/,
    hint: /rename it: a version is a time in UTC/,
  },
  {
    name: 'a NUL byte',
    files: { 'migrations/0001_a.sql': 'select 1;\nselect \0 2;\n' },
    exit: 66,
    code: 'nul-byte',
    message: /migrations\/0001_a\.sql.*NUL/,
    hint: /save it as UTF-8/,
    at: { file: 'migrations/0001_a.sql', line: 2, column: 8, caret: '\ufffd 2' },
  },
  {
    name: 'a file in UTF-16',
    files: { 'migrations/0001_a.sql': Buffer.from('\ufeffselect 1;', 'utf16le') },
    exit: 66,
    code: 'not-utf8',
    message: /migrations\/0001_a\.sql is UTF-16 text/,
    hint: /save it as UTF-8/,
  },
  {
    name: 'a file in Latin-1',
    files: { 'migrations/0001_a.sql': Buffer.from("select 'é';", 'latin1') },
    exit: 66,
    code: 'not-utf8',
    message: /migrations\/0001_a\.sql is not UTF-8 text/,
    hint: /save it as UTF-8/,
  },
  {
    name: 'everything that is wrong with the folder is told at once',
    files: {
      'migrations/0001_a.sql': create('a'),
      'migrations/0001_a.ts': 'export const up = async () => {}',
      'migrations/no_version.sql': create('b'),
      'migrations/0002_nul.sql': 'select 1; \0',
    },
    exit: 66,
    code: 'misnamed',
    message: [/3 reasons to stop/, /no_version\.sql/, /0001_a\.ts/, /0002_nul\.sql/],
    hint: /rename it to/,
    check: ({ reasons = [] }: LoggedError) => {
      const codes = reasons.map(({ code }) => code).join()
      if (codes !== 'misnamed,duplicate,nul-byte') throw new Error(codes)
    },
  },
])
