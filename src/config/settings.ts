/** THE table of settings: parsing of flags, variables and config files, help and docs/settings.md come from it. */
import type { Setting } from './setting.ts'
import { amending, connecting, moving, planning, trying, writing } from './setting-verbs.ts'
import type { Verb } from './verbs.ts'

export const settings = {
  config: {
    flag: 'config',
    variable: 'SLIPWAY_CONFIG',
    type: { kind: 'path', placeholder: 'FILE' },
    defaultShown: 'slipway.config.*, if there is one',
    doc: 'The config file; by default slipway.config.ts, .js, .mjs, .cjs or .json in the working directory.',
    beforeConfigFile: true,
    verbs: [...connecting, 'new', 'templates'],
  },
  databaseUrl: {
    flag: 'database-url',
    variable: 'SLIPWAY_DATABASE_URL',
    sharedVariables: ['DATABASE_URL'],
    type: { kind: 'string', placeholder: 'URL' },
    doc: 'The database, as a direct connection of the role that owns the schema: postgres://… or sqlite:…',
    secret: true,
    verbs: connecting,
  },
  dir: {
    flag: 'dir',
    variable: 'SLIPWAY_DIR',
    type: { kind: 'path', placeholder: 'DIR' },
    default: './migrations',
    doc: 'The folder of migrations.',
    verbs: [...planning, 'down', 'dump', 'new', 'templates', 'manifest'],
  },
  templates: {
    flag: 'templates',
    variable: 'SLIPWAY_TEMPLATES',
    type: { kind: 'path', placeholder: 'DIR' },
    defaultShown: '_templates in the folder of migrations, if there is one',
    doc: "The folder of the project's own templates.",
    verbs: ['new', 'templates'],
  },
  allowEmpty: {
    flag: 'allow-empty',
    variable: 'SLIPWAY_ALLOW_EMPTY',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Accept a folder without migrations; otherwise it is refused, since a wrong mount looks like that.',
    verbs: [...planning, 'down', 'dump', 'manifest'],
  },
  table: {
    flag: 'table',
    variable: 'SLIPWAY_TABLE',
    type: { kind: 'string', placeholder: 'NAME' },
    default: 'schema_migrations',
    doc: 'The history table.',
    verbs: connecting,
  },
  schema: {
    flag: 'schema',
    variable: 'SLIPWAY_SCHEMA',
    type: { kind: 'string', placeholder: 'NAME' },
    defaultShown: 'first of search_path',
    doc: 'The schema of the history table (PostgreSQL); created if it does not exist.',
    verbs: connecting,
  },
  role: {
    flag: 'role',
    variable: 'SLIPWAY_ROLE',
    type: { kind: 'string', placeholder: 'NAME' },
    doc: 'Work as this role (PostgreSQL): SET ROLE after connecting, so that it owns what migrations create, and the history.',
    verbs: connecting,
  },
  grantSelectTo: {
    flag: 'grant-select-to',
    variable: 'SLIPWAY_GRANT_SELECT_TO',
    type: { kind: 'list', placeholder: 'ROLES' },
    doc: 'Roles that may read the history (PostgreSQL), separated by commas; PUBLIC is everybody.',
    verbs: writing,
  },
  createDatabase: {
    flag: 'create-database',
    variable: 'SLIPWAY_CREATE_DATABASE',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Create the database if the server has none of that name (PostgreSQL); a SQLite file is created anyway.',
    verbs: writing,
  },
  waitTimeout: {
    flag: 'wait-timeout',
    variable: 'SLIPWAY_WAIT_TIMEOUT',
    type: { kind: 'duration' },
    default: '60s',
    doc: 'How long to wait for the database to answer.',
    verbs: ['up', 'down', 'status', 'history', 'verify', 'exec', ...amending, ...trying, 'dump', 'unlock'],
  },
  lockTimeout: {
    flag: 'lock-timeout',
    variable: 'SLIPWAY_LOCK_TIMEOUT',
    type: { kind: 'duration' },
    default: '10m',
    doc: 'How long to wait for another runner; starts again whenever that one makes progress.',
    verbs: [...moving, ...amending],
  },
  ddlLockTimeout: {
    flag: 'ddl-lock-timeout',
    variable: 'SLIPWAY_DDL_LOCK_TIMEOUT',
    type: { kind: 'duration' },
    default: '500ms',
    doc: 'The longest a migration may wait for table locks, and so hold up the app, before it backs off.',
    verbs: [...moving, 'adopt', 'sql'],
  },
  ddlRetryFor: {
    flag: 'ddl-retry-for',
    variable: 'SLIPWAY_DDL_RETRY_FOR',
    type: { kind: 'duration' },
    default: '10m',
    doc: 'How long to go on trying for those locks.',
    verbs: moving,
  },
  statementTimeout: {
    flag: 'statement-timeout',
    variable: 'SLIPWAY_STATEMENT_TIMEOUT',
    type: { kind: 'duration' },
    default: '0',
    defaultShown: '0 (none)',
    doc: 'The longest one statement of a migration may run.',
    verbs: [...moving, ...trying],
  },
  maxDuration: {
    flag: 'max-duration',
    variable: 'SLIPWAY_MAX_DURATION',
    type: { kind: 'duration' },
    default: '0',
    defaultShown: '0 (none)',
    doc: 'After this time a backfill stops with the batch it is at, and the run ends with 3; the next run goes on there.',
    verbs: writing,
  },
  shutdownTimeout: {
    flag: 'shutdown-timeout',
    variable: 'SLIPWAY_SHUTDOWN_TIMEOUT',
    type: { kind: 'duration' },
    default: '20s',
    doc: 'How long cancelling, rolling back and unlocking may take after SIGTERM or SIGINT.',
    verbs: [...moving, ...amending],
  },
  keepalive: {
    flag: 'keepalive',
    variable: 'SLIPWAY_KEEPALIVE',
    type: { kind: 'duration' },
    default: '10s',
    doc: 'How often, during a long statement, a second connection checks that the server still knows the session; 0 is never.',
    verbs: moving,
  },
  pooler: {
    flag: 'pooler',
    variable: 'SLIPWAY_POOLER',
    type: { kind: 'choice', values: ['auto', 'session', 'transaction'] },
    default: 'auto',
    doc: 'What a connection pooler in front of PostgreSQL gives a server connection to; auto finds out.',
    verbs: moving,
  },
  outOfOrder: {
    flag: 'out-of-order',
    variable: 'SLIPWAY_OUT_OF_ORDER',
    type: { kind: 'choice', values: ['error', 'warn', 'allow'] },
    default: 'error',
    doc: 'What to do about a pending migration that is older than the newest applied one.',
    verbs: planning,
  },
  onAhead: {
    flag: 'on-ahead',
    variable: 'SLIPWAY_ON_AHEAD',
    type: { kind: 'choice', values: ['allow', 'error', 'allow-breaking'] },
    default: 'allow',
    doc: 'What to do when the database has newer migrations than this image.',
    verbs: planning,
  },
  backupDir: {
    flag: 'backup-dir',
    variable: 'SLIPWAY_BACKUP_DIR',
    type: { kind: 'path', placeholder: 'DIR' },
    doc: 'The folder that down --backup writes to and --require-backup looks into.',
    verbs: ['down'],
  },
  report: {
    flag: 'report',
    variable: 'SLIPWAY_REPORT',
    type: { kind: 'path', placeholder: 'FILE' },
    doc: 'Write how the run went to this file, as JSON; - is stdout.',
    verbs: writing,
  },
  echo: {
    flag: 'echo',
    variable: 'SLIPWAY_ECHO',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Log every statement that a migration sends, without bound values and passwords.',
    verbs: moving,
  },
  scratchUrl: {
    flag: 'scratch-url',
    variable: 'SLIPWAY_SCRATCH_URL',
    type: { kind: 'string', placeholder: 'URL' },
    doc: 'A PostgreSQL server to try things out on: databases of its own are created there and dropped again. Never the target by itself.',
    secret: true,
    verbs: ['up', ...trying],
  },
  logFormat: {
    flag: 'log-format',
    variable: 'SLIPWAY_LOG_FORMAT',
    type: { kind: 'choice', values: ['pretty', 'json'] },
    defaultShown: 'pretty on a terminal, else json',
    doc: 'How logs on stderr look.',
    verbs: [...connecting, 'manifest'],
  },
  logLevel: {
    flag: 'log-level',
    variable: 'SLIPWAY_LOG_LEVEL',
    sharedVariables: ['LOG_LEVEL'],
    type: { kind: 'choice', values: ['silent', 'error', 'warn', 'info', 'debug'] },
    default: 'info',
    doc: 'How much is logged.',
    verbs: [...connecting, 'manifest'],
  },
  env: {
    flag: 'env',
    variable: 'SLIPWAY_ENV',
    sharedVariables: ['ENV', 'NODE_ENV'],
    type: { kind: 'string', placeholder: 'NAME' },
    doc: 'The environment: which .env.NAME files are read. dev is development, prod is production.',
    beforeConfigFile: true,
    verbs: [...connecting, 'new', 'templates', 'manifest'],
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings

export const settingNames = Object.keys(settings) as readonly SettingName[]

/** Values of setting flags as written; a boolean flag is `true` or `false`. */
export type SettingFlags = Readonly<Partial<Record<SettingName, string>>>

/** The table's row in its general shape. */
export function settingOf(name: SettingName): Setting {
  return settings[name]
}

/** The settings that a verb takes as flags. */
export function settingsOf(verb: Verb): readonly Setting[] {
  return settingNames.map(settingOf).filter(({ verbs }) => verb === 'config' || verbs.includes(verb))
}

/** The SLIPWAY_* variables, and their _FILE variants, that hold secrets: no child process needs to see them. */
export function secretEnvironmentNames(): string[] {
  return settingNames
    .map(settingOf)
    .filter((setting) => setting.secret === true)
    .flatMap((setting) => [setting.variable, `${setting.variable}_FILE`])
}
