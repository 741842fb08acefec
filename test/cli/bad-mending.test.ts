/** stamp, repair, unlock and doctor: names that are none, flags that contradict, and nobody there to confirm. */
import {
  type BadInput,
  type Place,
  severalMigrations as several,
  testBadInput,
} from '../helpers/bad-input.ts'

const applied = async ({ run }: Place) => void (await run('up'))
const edit = async (place: Place) => {
  await applied(place)
  place.workspace.write({ 'migrations/0001_users.sql': 'create table users (id bigint);\n' })
}

const usage = (name: string, argv: readonly string[], message: RegExp, hint: RegExp): BadInput => ({
  name,
  argv,
  exit: 64,
  code: 'bad-argument',
  message,
  hint,
})

/** A repair that is for something else than what the migration is. */
const unfit = (
  name: string,
  flags: readonly string[],
  before: BadInput['before'],
  message: RegExp,
): BadInput => ({
  name,
  files: several,
  ...(before === undefined ? {} : { before }),
  argv: ['repair', ...flags, '--yes'],
  exit: 64,
  code: 'bad-argument',
  message,
  hint: /^slipway repair$/,
})

const hostile = "0001_x'; drop table users; --"

testBadInput([
  usage('stamp without a target', ['stamp'], /stamp needs a target/, /^slipway stamp head/),
  usage('stamp with a blank target', ['stamp', ' '], /stamp needs a target/, /^slipway stamp head/),
  usage('stamp with two targets', ['stamp', '0001', '0002'], /one target, and "0002"/, /stamp --help/),
  usage('stamp base', ['stamp', 'base', '--yes'], /base is before every migration/, /^slipway stamp head/),
  usage('repair of a word', ['repair', '0001'], /repair does not take the argument "0001"/, /repair --help/),
  usage(
    'two repairs at once',
    ['repair', '--accept', 'all', '--retry', '0001'],
    /--accept and --retry/,
    /one of them/,
  ),
  usage(
    'the same repair twice',
    ['repair', '--accept', '1', '--accept', '2'],
    /--accept is given twice/,
    /--help/,
  ),
  usage('repair of nothing', ['repair', '--retry', '--yes'], /--retry needs a value/, /repair --help/),
  usage('unlock of a word', ['unlock', '812'], /unlock does not take the argument "812"/, /unlock --help/),
  usage('unlock --terminate --json', ['unlock', '--terminate', '--json'], /--json tells/, /one of them/),
  usage(
    'unlock --yes',
    ['unlock', '--yes'],
    /--yes confirms --terminate/,
    /^slipway unlock --terminate --yes/,
  ),
  usage('repair --yes', ['repair', '--yes'], /--yes confirms a repair, and none/, /: slipway repair$/),
  usage(
    'doctor of a word',
    ['doctor', 'house'],
    /doctor does not take the argument "house"/,
    /doctor --help/,
  ),
  {
    name: 'doctor with a duration that is none',
    argv: ['doctor', '--timeout', 'soon'],
    exit: 64,
    code: 'bad-value',
    message: /--timeout must be a duration such as .*, not "soon"/,
    hint: /doctor --help/,
  },
  {
    name: 'stamp too far',
    files: several,
    argv: ['stamp', '+4', '--yes'],
    exit: 64,
    code: 'unknown-target',
    message: /\+4 goes too far: 3 pending/,
    hint: /slipway status/,
  },
  {
    name: 'stamp of what does not parse',
    files: { ...several, 'migrations/0004_bad.sql': 'create tabel x ();' },
    argv: ['stamp', 'head', '--yes'],
    exit: 66,
    code: 'sql-syntax',
    message: /0004_bad\.sql/,
    hint: /correct the file/,
  },
  {
    name: 'stamp in a pipe, without --yes: what it would record, and the command',
    files: several,
    argv: ['stamp', '2', '--table', 'odd table'],
    exit: 79,
    code: 'not-confirmed',
    message:
      /^slipway stamp would record as applied, without running: 0001_users, 0002_add_email; there is no terminal to ask$/,
    hint: /^slipway stamp 2 --table 'odd table' --yes$/,
  },
  {
    name: 'repair in a pipe, without --yes: what was edited, and the command',
    files: several,
    before: edit,
    argv: ['repair', '--accept', 'users'],
    exit: 79,
    code: 'not-confirmed',
    message:
      /^slipway repair would accept the edited text of 0001_users \([0-9a-f]{12} when applied, [0-9a-f]{12} now\)/,
    hint: /^slipway repair --accept users --yes$/,
    at: { file: 'migrations/0001_users.sql' },
    check: (error) => {
      if (!error.excerpt?.includes('+create table users (id bigint);'))
        throw new Error('the diff is not there')
    },
  },
  unfit(
    'repair --retry of an edited file',
    ['--retry', '0001'],
    edit,
    /0001_users is changed: only a step that did not finish can be resolved/,
  ),
  unfit(
    'repair --accept of what is pending',
    ['--accept', '0001'],
    undefined,
    /0001_users is pending: only the edited file of an applied migration can be accepted/,
  ),
  unfit(
    'repair --forget of what has its file',
    ['--forget', '0001'],
    applied,
    /0001_users is applied: only an applied migration whose file is missing can be forgotten/,
  ),
  unfit(
    'repair --forget of what a newer image has applied: it would run it again',
    ['--forget', '0003'],
    async (place) => {
      await applied(place)
      place.workspace.write({ 'migrations/0003_add_phone.sql': undefined })
    },
    /0003_add_phone is ahead: only/,
  ),
  ...(['stamp', 'repair'] as const).map(
    (verb): BadInput => ({
      name: `${verb} of a name that is hostile`,
      files: several,
      before: applied,
      argv: verb === 'stamp' ? ['stamp', hostile, '--yes'] : ['repair', '--forget', hostile, '--yes'],
      exit: 64,
      code: 'unknown-target',
      message: /no migration matches 0001_x'; drop table users; --/,
      hint: /slipway status/,
    }),
  ),
])
