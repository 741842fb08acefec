/** down: flags that contradict, targets that are not there, folders that are none, and nothing to say it with. */
import { type BadInput, type Place, testBadInput } from '../helpers/bad-input.ts'

const several = {
  'migrations/0001_users.sql':
    '-- migrate:up\ncreate table users (id integer);\n-- migrate:down\ndrop table users;\n',
  'migrations/0002_add_email.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\n',
  'migrations/0003_add_phone.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\n',
}
const applied = async ({ run }: Place) => void (await run('up'))

const usage = (name: string, argv: readonly string[], message: RegExp, hint: RegExp): BadInput => ({
  name,
  argv,
  exit: 64,
  code: 'bad-argument',
  message,
  hint,
})
const target = (name: string, to: string, message: RegExp, hint: RegExp): BadInput => ({
  name,
  files: several,
  before: applied,
  argv: ['down', '--to', to],
  exit: 64,
  code: 'unknown-target',
  message,
  hint,
})

testBadInput([
  usage(
    '--to and --steps',
    ['down', '--to', 'base', '--steps', '2'],
    /--to and --steps contradict/,
    /one of them/,
  ),
  usage(
    '--backup and --require-backup',
    ['down', '--backup', '--require-backup', '24h'],
    /--backup and --require-backup contradict/,
    /one of them/,
  ),
  usage(
    '--dry-run and --backup',
    ['down', '--dry-run', '--backup'],
    /--dry-run and --backup contradict/,
    /one of them/,
  ),
  usage(
    '--no-safety-checks and --confirm',
    ['down', '--no-safety-checks', '--confirm', 'app'],
    /--no-safety-checks and --confirm contradict/,
    /one of them/,
  ),
  usage('a word', ['down', '0001'], /down does not take the argument "0001"/, /^slipway down --to 0001$/),
  usage('--steps without a number', ['down', '--steps'], /--steps needs a value/, /down --help/),
  usage('an empty target', ['down', '--to='], /--to needs a value/, /down --help/),
  {
    ...usage('upwards', [], /\+1 leads up/, /^slipway down --to -1$/),
    files: several,
    before: applied,
    argv: ['down', '--to', '+1'],
  },
  ...['0', '-1', 'two', '1.5'].map(
    (steps): BadInput => ({
      name: `--steps ${steps}`,
      argv: ['down', `--steps=${steps}`],
      exit: 64,
      code: 'bad-value',
      message: /--steps must be a positive whole number/,
      hint: /down --help/,
    }),
  ),
  {
    name: 'an age that is none',
    argv: ['down', '--require-backup', 'yesterday'],
    exit: 64,
    code: 'bad-value',
    message: /--require-backup must be a duration such as .*, not "yesterday"/,
    hint: /down --help/,
  },
  target(
    'a mistyped target',
    'add_emial',
    /no applied migration matches add_emial; did you mean 0002_add_email\?/,
    /slipway history/,
  ),
  target(
    'a hostile target',
    "x'; drop table users; --",
    /no applied migration matches x'; drop table users; --/,
    /slipway history/,
  ),
  target('a target too far back', '-4', /-4 goes too far: 3 applied/, /slipway/),
  {
    name: 'an ambiguous target',
    files: several,
    before: applied,
    argv: ['down', '--to', 'add_'],
    exit: 64,
    code: 'ambiguous-target',
    message: /add_ could be 0003_add_phone or 0002_add_email/,
    hint: /full name/,
  },
  {
    name: 'no down',
    before: applied,
    argv: ['down'],
    exit: 79,
    code: 'irreversible',
    message: /0001_good has no down/,
    hint: /slipway new NAME/,
  },
  {
    name: 'an edited file',
    files: several,
    before: async (place) => {
      await applied(place)
      place.workspace.write({
        'migrations/0003_add_phone.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n',
      })
    },
    argv: ['down'],
    exit: 65,
    code: 'changed',
    message: /0003_add_phone was edited after it was applied/,
    hint: /repair --accept 0003_add_phone/,
    at: { file: 'migrations/0003_add_phone.sql' },
  },
  {
    name: 'a step that did not finish',
    files: {
      'migrations/0001_a.sql':
        '-- migrate:up transaction:false\nselect 1;\nselect * from nowhere;\n-- migrate:down\nselect 1;\n',
    },
    before: async ({ run }) => void (await run('up').catch(() => {})),
    argv: ['down'],
    exit: 79,
    code: 'unfinished',
    message: /0001_a did not finish: what there is to revert is not known/,
    hint: /repair --finished 0001_a, when none of it is left: slipway repair --retry 0001_a/,
  },
  {
    name: 'a down that holds a commit',
    files: {
      'migrations/0001_a.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 1;\ncommit;\nselect 2;\n',
    },
    before: applied,
    argv: ['down'],
    exit: 66,
    code: 'transaction-control',
    message: /"commit" would end or split the migration's transaction/,
    hint: /remove it/,
    at: { file: 'migrations/0001_a.sql', line: 5 },
  },
  {
    name: 'a down that needs no transaction',
    on: 'postgres',
    files: {
      'migrations/0001_a.sql':
        '-- migrate:up\ncreate table a (id integer);\n-- migrate:down\ndrop index concurrently a_id;\n',
    },
    before: applied,
    argv: ['down'],
    exit: 66,
    code: 'needs-no-transaction',
    message: /cannot run inside a transaction/,
    hint: /-- migrate:down transaction:false/,
    at: { file: 'migrations/0001_a.sql', line: 4 },
  },
  {
    name: 'a backup without a folder for it',
    argv: ['down', '--backup'],
    exit: 78,
    code: 'bad-setting',
    message: /SLIPWAY_BACKUP_DIR is not set/,
    hint: /export SLIPWAY_BACKUP_DIR/,
  },
  {
    name: 'a backup without pg_dump',
    on: 'postgres',
    argv: ['down', '--backup'],
    env: { SLIPWAY_BACKUP_DIR: 'backups', PATH: '/nonexistent' },
    exit: 78,
    code: 'program-missing',
    message: /backups need pg_dump, and it is not on the PATH/,
    hint: /install/,
  },
])
