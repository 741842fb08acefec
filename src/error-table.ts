/**
 * Every way slipway can end, in one table: the code a program matches on, the exit code a Job acts on,
 * one line on what it means, and what to type next. `docs/errors.md` is generated from it.
 */

/** Process exit codes; stable within a major version. 1 to 14 belong to Node, so only 1 and 3 of those are used. */
export const exitCodes = {
  ok: 0,
  bug: 1,
  pending: 3,
  usage: 64,
  disagreement: 65,
  files: 66,
  unreachable: 69,
  failed: 70,
  unwritable: 73,
  temporary: 75,
  denied: 77,
  config: 78,
  human: 79,
  finding: 80,
  interrupted: 130,
  terminated: 143,
} as const
/** What the command line exits with: see docs/errors.md. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

interface ErrorSpec {
  readonly exit: ExitCode
  /** One sentence for the reference page. */
  readonly meaning: string
  /** The next thing to type or do, when the thrower knows nothing better. */
  readonly hint: string
}

export const errorTable = {
  bug: {
    exit: 1,
    meaning: 'slipway itself is at fault.',
    hint: 'report it with the output of: slipway version',
  },
  // 64 usage
  'unknown-verb': { exit: 64, meaning: 'The first word is not a verb.', hint: 'slipway --help' },
  'unknown-flag': {
    exit: 64,
    meaning: 'A flag that this verb does not have.',
    hint: 'slipway <verb> --help',
  },
  'bad-argument': {
    exit: 64,
    meaning: 'An argument is missing, surplus, malformed, or contradicts another.',
    hint: 'slipway <verb> --help',
  },
  'bad-value': {
    exit: 64,
    meaning: 'A flag has a value of the wrong form.',
    hint: 'slipway <verb> --help',
  },
  'password-in-flag': {
    exit: 64,
    meaning: 'A database URL given as a flag holds a password, which every process on the host can read.',
    hint: 'export SLIPWAY_DATABASE_URL, or point SLIPWAY_DATABASE_URL_FILE at a file',
  },
  'single-transaction': {
    exit: 64,
    meaning: 'What is pending cannot run in a single transaction.',
    hint: 'leave out --single-transaction, or run what can be together with --to',
  },
  'one-tenant': {
    exit: 64,
    meaning: 'What was asked for is done for one tenant at a time.',
    hint: 'name one: slipway status --tenants NAME',
  },
  'unknown-target': { exit: 64, meaning: 'No migration matches the target.', hint: 'slipway status' },
  'ambiguous-target': {
    exit: 64,
    meaning: 'More than one migration matches the target.',
    hint: 'give the full name or the version',
  },
  'foreign-ambiguous': {
    exit: 64,
    meaning: 'The database holds the histories of several other tools, or several of one.',
    hint: 'slipway adopt --from TOOL, or --from-table NAME',
  },
  'unknown-template': {
    exit: 64,
    meaning: 'Neither slipway nor the project has a template of that name.',
    hint: 'slipway templates',
  },
  'template-unavailable': {
    exit: 64,
    meaning: 'A template has no form in that language or for that database.',
    hint: 'slipway templates',
  },
  // 65 history and files disagree
  changed: {
    exit: 65,
    meaning: 'The file of an applied migration was edited.',
    hint: 'restore the file and write the change as a new migration (slipway new NAME); or accept it as it is: slipway repair --accept NAME',
  },
  missing: {
    exit: 65,
    meaning: 'An applied migration has no file here, although later ones do.',
    hint: 'restore the file, or keep it in old/; if it is gone for good: slipway repair --forget NAME',
  },
  late: {
    exit: 65,
    meaning: 'A pending migration is older than the newest applied one.',
    hint: 'rename it to a new version, set outOfOrder: true in it, or run it all the same: SLIPWAY_OUT_OF_ORDER=allow slipway up',
  },
  dependency: {
    exit: 65,
    meaning: 'A dependsOn names a migration that is unknown, sorts later, or forms a cycle.',
    hint: 'correct dependsOn in that file',
  },
  'ahead-breaking': {
    exit: 65,
    meaning: 'The database holds a migration unknown to this image that declared itself breaking.',
    hint: 'deploy an image that has it, or run against it all the same: SLIPWAY_ON_AHEAD=allow-breaking slipway up',
  },
  ahead: {
    exit: 65,
    meaning: 'The database is ahead of this image and SLIPWAY_ON_AHEAD is error.',
    hint: 'deploy an image that has these migrations, or run against them all the same: SLIPWAY_ON_AHEAD=allow slipway up',
  },
  'foreign-history': {
    exit: 65,
    meaning: "The history table exists with another tool's columns.",
    hint: 'take it over, after a look at what that does: slipway adopt --dry-run; or give slipway a table of its own: export SLIPWAY_TABLE=slipway_migrations; then record what is applied already: slipway stamp TARGET',
  },
  'foreign-missing': {
    exit: 65,
    meaning: "The database holds no other tool's history to adopt.",
    hint: 'check that the URL names the right database, or name the table: slipway adopt --from-table NAME',
  },
  'foreign-unmapped': {
    exit: 65,
    meaning: 'Another tool applied a migration that no file here is.',
    hint: 'put its file into old/',
  },
  'history-elsewhere': {
    exit: 65,
    meaning: 'The history is empty here, but a table of that name in another schema is not.',
    hint: 'name the schema: SLIPWAY_SCHEMA=…',
  },
  'history-broken': {
    exit: 65,
    meaning: 'The history tables cannot be used as slipway makes them: one is missing, foreign or altered.',
    hint: 'slipway doctor, or compare them with docs/formats.md',
  },
  'history-mismatch': {
    exit: 65,
    meaning: 'After the run, history is not what was planned.',
    hint: 'slipway status',
  },
  // 66 migrations
  'bad-template': {
    exit: 66,
    meaning:
      "A project's own template cannot be read, lacks a half, or holds a placeholder that makes no sense there.",
    hint: 'correct the template; docs/templates.md has the placeholders',
  },
  'dir-missing': {
    exit: 66,
    meaning: 'The folder of migrations does not exist or cannot be read.',
    hint: 'check the mount, or set SLIPWAY_DIR',
  },
  'dir-empty': {
    exit: 66,
    meaning: 'The folder of migrations holds none.',
    hint: 'check the mount, or pass --allow-empty',
  },
  misnamed: {
    exit: 66,
    meaning: 'A script or .sql file in the folder is not named like a migration.',
    hint: 'rename it to YYYYMMDDHHMMSS_slug, or put _ in front of the name to have it ignored',
  },
  duplicate: {
    exit: 66,
    meaning: 'Two files make one migration name, or two migrations one version and slug.',
    hint: 'rename or remove one of them',
  },
  future: {
    exit: 66,
    meaning: "A pending version is more than a day ahead of the database's clock.",
    hint: 'rename it: a version is a time in UTC',
  },
  'file-unreadable': {
    exit: 66,
    meaning: 'A migration file cannot be read.',
    hint: 'make it readable for the user that slipway runs as',
  },
  'manifest-mismatch': {
    exit: 66,
    meaning: 'A migration is not the text that the manifest of its folder was made from.',
    hint: 'restore the file, or make the manifest anew where the image is built: slipway manifest',
  },
  'foreign-files': {
    exit: 66,
    meaning: "A file is in another tool's own form, which slipway cannot run.",
    hint: 'see what would become of it, then let it be done: slipway adopt --convert --dry-run',
  },
  'bad-baseline': {
    exit: 66,
    meaning:
      'A baseline stands for no migration, so nothing could be recorded when it is loaded; or it is of one tenant alone.',
    hint: 'list what it stands for in it: -- slipway:applied NAME CHECKSUM',
  },
  'nul-byte': { exit: 66, meaning: 'A migration holds a NUL byte.', hint: 'save it as UTF-8 text' },
  'not-utf8': { exit: 66, meaning: 'A migration is not UTF-8 text.', hint: 'save it as UTF-8 text' },
  'sql-syntax': { exit: 66, meaning: 'A SQL migration does not parse.', hint: 'correct the file' },
  'sql-directive': {
    exit: 66,
    meaning: 'A -- migrate: line is malformed, repeated, or has an unknown option.',
    hint: 'see docs/formats.md',
  },
  'script-syntax': {
    exit: 66,
    meaning: 'A TypeScript or JavaScript migration does not parse, or uses syntax that cannot be erased.',
    hint: 'correct the file',
  },
  'script-load': {
    exit: 66,
    meaning: 'A migration parsed, but importing it failed.',
    hint: 'import only types, Node built-ins and neighbouring files',
  },
  'no-up': {
    exit: 66,
    meaning: 'A migration has nothing to run upwards.',
    hint: 'export an async function named up, or add a -- migrate:up section',
  },
  'bad-options': {
    exit: 66,
    meaning: "A migration's options or MIGRATION_ID are not valid.",
    hint: 'correct it in that file',
  },
  'transaction-control': {
    exit: 66,
    meaning: 'A transactional SQL migration holds begin, commit, rollback or the like at top level.',
    hint: 'remove it, or mark the file: -- migrate:up transaction:false',
  },
  'needs-no-transaction': {
    exit: 66,
    meaning:
      'A transactional SQL migration holds a statement that PostgreSQL refuses inside a transaction (25001).',
    hint: 'mark the file: -- migrate:up transaction:false',
  },
  // 69
  unreachable: {
    exit: 69,
    meaning: 'The database did not answer before SLIPWAY_WAIT_TIMEOUT.',
    hint: 'check that the server is up and the host and port are right',
  },
  // 70
  'migration-failed': {
    exit: 70,
    meaning: 'A migration failed; a transactional one was rolled back whole.',
    hint: 'correct it and run again: slipway up',
  },
  'tenants-failed': {
    exit: 70,
    meaning: 'Some tenants failed; all others are done.',
    hint: 'correct it, then run again: only those that failed have anything to do',
  },
  'not-awaited': {
    exit: 70,
    meaning: 'A migration returned before one of its queries was awaited.',
    hint: 'put await in front of the query',
  },
  'failed-elsewhere': {
    exit: 70,
    meaning: 'While this runner waited, another one failed the same migration; it was not tried again.',
    hint: 'slipway history --all',
  },
  'foreign-keys': {
    exit: 70,
    meaning:
      'A SQLite migration left rows that violate a foreign key, or would have lost rows of a child table.',
    hint: 'correct the migration and run again: slipway up',
  },
  'hook-failed': {
    exit: 70,
    meaning: 'A hook failed, or did not end in time. What was committed before it stays.',
    hint: 'correct the hook, then run again: slipway up',
  },
  'defined-otherwise': {
    exit: 70,
    meaning: 'An operation found something of that name with another definition.',
    hint: 'give it another name, or alter or drop what is there first',
  },
  'bad-operation': {
    exit: 70,
    meaning: 'An operation was asked for what does not exist, makes no sense, or this database cannot do.',
    hint: 'correct the migration; see docs/operations.md',
  },
  'rebuild-failed': {
    exit: 70,
    meaning:
      'An operation on a SQLite table would have lost rows, or left a view, a trigger or a foreign key that no longer works.',
    hint: 'drop what depends on it first, in the same migration, and create it again afterwards',
  },
  'long-work-refused': {
    exit: 70,
    meaning:
      'A migration called backfill, createIndexConcurrently or the like inside a transaction, or without being resumable; or `slipway sql` was to print it.',
    hint: 'declare in the migration: export const options = { transaction: false, resumable: true }; what slipway sql cannot print is left to slipway up',
  },
  // 73
  'not-writable': {
    exit: 73,
    meaning: 'The SQLite file or its directory cannot be written.',
    hint: 'give the directory to the user that slipway runs as',
  },
  'file-exists': {
    exit: 73,
    meaning: 'A file that was to be written is there already.',
    hint: 'write over it with --force, or name another file',
  },
  // 75
  'lock-timeout': {
    exit: 75,
    meaning: 'Another runner held the run lock for longer than SLIPWAY_LOCK_TIMEOUT without progress.',
    hint: 'wait for it, or end it: slipway unlock --terminate',
  },
  'ddl-lock-timeout': {
    exit: 75,
    meaning: 'The table locks a migration needs were not free within SLIPWAY_DDL_RETRY_FOR.',
    hint: 'end the blocking transaction, then run again: slipway up',
  },
  'session-lost': {
    exit: 75,
    meaning:
      'The connection to the database ended during the run; the server rolls back what was not committed.',
    hint: 'run again: slipway up',
  },
  transient: {
    exit: 75,
    meaning: 'The database refused for a reason that passes, and kept refusing.',
    hint: 'run again: slipway up',
  },
  // 77
  'auth-failed': {
    exit: 77,
    meaning: 'The database refused the user or the password.',
    hint: 'check the user and the password in the URL',
  },
  'tls-failed': {
    exit: 77,
    meaning: 'TLS could not be agreed, or the certificate was not accepted.',
    hint: 'check sslmode and sslrootcert in the URL',
  },
  'privilege-missing': {
    exit: 77,
    meaning: 'The role lacks a privilege slipway needs before work can begin.',
    hint: 'grant it to the role',
  },
  // 78
  'no-url': {
    exit: 78,
    meaning: 'No database is configured.',
    hint: 'export SLIPWAY_DATABASE_URL=postgres://user@host/database',
  },
  'bad-url': {
    exit: 78,
    meaning: 'The database URL cannot be used.',
    hint: 'postgres://user:password@host:5432/database or sqlite:///absolute/path.db',
  },
  'bad-config': {
    exit: 78,
    meaning: 'The config file cannot be found, read or loaded, or there is more than one.',
    hint: 'see docs/settings.md',
  },
  'bad-setting': { exit: 78, meaning: 'A setting has a value of the wrong form.', hint: 'slipway config' },
  'secret-unreadable': {
    exit: 78,
    meaning: 'The file a *_FILE variable names cannot be read.',
    hint: 'make the file readable for the user that slipway runs as',
  },
  'tls-file': {
    exit: 78,
    meaning: 'A certificate, a private key or a revocation list for TLS cannot be used.',
    hint: 'correct the path, the owner or the mode',
  },
  'secret-twice': {
    exit: 78,
    meaning: 'A setting is given both as X and as X_FILE in the environment.',
    hint: 'unset one of them',
  },
  'database-missing': {
    exit: 78,
    meaning: 'The server is there, the database is not (3D000).',
    hint: 'create it: createdb NAME',
  },
  'disk-full': {
    exit: 75,
    meaning: 'The database server is out of disk space (53100).',
    hint: 'free some space on the server',
  },
  'serve-unreachable': {
    exit: 69,
    meaning: 'healthcheck found no serve at the address of SLIPWAY_LISTEN.',
    hint: 'start it, or give healthcheck the SLIPWAY_LISTEN of it: slipway serve',
  },
  'read-only': {
    exit: 69,
    meaning: 'The server answers but only allows reading (a replica, or default_transaction_read_only).',
    hint: 'point SLIPWAY_DATABASE_URL at the primary',
  },
  'unsupported-server': {
    exit: 78,
    meaning: 'The server is older than the oldest version that slipway works with, PostgreSQL 13.',
    hint: 'upgrade the server',
  },
  'pooler-in-the-way': {
    exit: 78,
    meaning: 'A transaction pooler is in the path and this step needs a session of its own.',
    hint: 'point SLIPWAY_DATABASE_URL at the server itself',
  },
  'listen-failed': {
    exit: 78,
    meaning: 'serve cannot listen at the address and port of SLIPWAY_LISTEN; nothing was done.',
    hint: 'name another one: SLIPWAY_LISTEN=127.0.0.1:7301 slipway serve',
  },
  'metrics-unwritable': {
    exit: 78,
    meaning:
      'The file that SLIPWAY_METRICS_FILE or --metrics-file names cannot be written; nothing was done.',
    hint: 'make its folder writable for the user that slipway runs as, or name another file',
  },
  'report-unwritable': {
    exit: 78,
    meaning: 'The file that SLIPWAY_REPORT or --report names cannot be written; nothing was done.',
    hint: 'make its folder writable for the user that slipway runs as, or name another file',
  },
  'bad-tenant': {
    exit: 78,
    meaning:
      'What the list of tenants holds names no schema and no database, or not one that can be had here.',
    hint: 'slipway config',
  },
  'no-tenants': {
    exit: 78,
    meaning: 'The list of tenants is empty, or cannot be read.',
    hint: 'correct it; if there may be none: slipway up --allow-no-tenants',
  },
  'tenant-missing': {
    exit: 78,
    meaning: 'A tenant has no schema of its name.',
    hint: 'correct the name, or have it made: slipway up --create-schemas',
  },
  'role-missing': {
    exit: 78,
    meaning: 'A role that SLIPWAY_ROLE or SLIPWAY_GRANT_SELECT_TO names does not exist on the server.',
    hint: 'create it, or correct the setting',
  },
  'pooler-refused': {
    exit: 78,
    meaning: 'A connection pooler in the path refuses: statement pooling, or its own configuration.',
    hint: 'point SLIPWAY_DATABASE_URL at the server itself',
  },
  'no-scratch': {
    exit: 78,
    meaning: 'A scratch database is needed, and there is no server to make one on.',
    hint: 'export SLIPWAY_SCRATCH_URL=postgres://user@host/postgres, a server where that user may create databases',
  },
  'copy-failed': {
    exit: 78,
    meaning: 'The database could not be copied for a rehearsal, or there is no folder to copy it through.',
    hint: "use pg_dump and pg_restore of the server's version or newer, and a scratch server no older than it, with the same extensions",
  },
  'dump-failed': {
    exit: 78,
    meaning: 'The schema could not be read: pg_dump failed, or has no folder to work in.',
    hint: "use pg_dump of the server's version or newer, as a role that may read every table",
  },
  'program-missing': {
    exit: 78,
    meaning: 'A program that backups, rehearsals and dumps need, pg_dump or pg_restore, is not on the PATH.',
    hint: "install PostgreSQL's client programs, of the server's version or newer",
  },
  'command-missing': {
    exit: 78,
    meaning: 'The program to run after `exec --`, or in a hook, is not on the PATH or not executable.',
    hint: 'check the command and the PATH',
  },
  // 79
  unfinished: {
    exit: 79,
    meaning: 'A non-transactional migration was interrupted and cannot be resumed by itself.',
    hint: 'see what it did; when all of it is done: slipway repair --finished NAME, when none of it is left: slipway repair --retry NAME',
  },
  escaped: {
    exit: 79,
    meaning: 'A transactional migration ended its own transaction, so part of it may be committed.',
    hint: 'remove the commit from the migration, undo what it did, then: slipway repair --retry NAME',
  },
  irreversible: {
    exit: 79,
    meaning: 'A migration that is to be reverted has no down.',
    hint: 'write a migration that undoes it: slipway new NAME',
  },
  'data-loss': {
    exit: 79,
    meaning: 'A down would take away tables, columns or rows that hold data.',
    hint: 'take a backup (--backup), then: slipway down --allow-data-loss',
  },
  'not-self-contained': {
    exit: 79,
    meaning: 'The text of a script in history imports something, so it cannot be run without its file.',
    hint: 'take an image that has the file and what it imports',
  },
  'history-not-trusted': {
    exit: 79,
    meaning: 'The texts in history could have been written by others than the owner of the history table.',
    hint: 'take an image that has the files, or take those rights away (revoke)',
  },
  'backup-failed': {
    exit: 79,
    meaning: 'The backup that --backup asked for could not be taken; nothing was reverted.',
    hint: 'correct what is wrong, or take one by hand and use --require-backup',
  },
  'backup-missing': {
    exit: 79,
    meaning: 'The newest file in SLIPWAY_BACKUP_DIR is no recent, readable backup of this database.',
    hint: 'take one: slipway down --backup',
  },
  'foreign-unfinished': {
    exit: 79,
    meaning: 'Another tool left a migration failed, dirty or locked.',
    hint: 'finish it with that tool, then: slipway adopt',
  },
  'not-confirmed': {
    exit: 79,
    meaning: 'Nobody confirmed what a verb would have changed: nobody could be asked, or the answer was no.',
    hint: 'look at what it would do, then confirm it with --yes',
  },
  'secret-in-sql': {
    exit: 79,
    meaning: 'The SQL to print holds a password of the configuration, so it is not printed.',
    hint: 'keep the password out of the migration',
  },
  // 80
  'roundtrip-differs': {
    exit: 80,
    meaning:
      'A migration does not come back: down, or a second up, leaves another schema than was there before, or the second up fails.',
    hint: 'correct its down, then: slipway roundtrip',
  },
  'manifest-stale': {
    exit: 80,
    meaning: 'manifest --check: the manifest is missing, or not what the folder would give now.',
    hint: 'slipway manifest',
  },
  // 3
  pending: { exit: 3, meaning: 'Migrations are pending.', hint: 'slipway up' },
  'not-ready': {
    exit: 3,
    meaning: 'The serve of this host says that it is not ready.',
    hint: 'look at what it migrates: slipway status',
  },
  'out-of-time': {
    exit: 3,
    meaning:
      'A backfill stopped after a batch, or a run between two tenants, because its time was over; what it did is committed, and the next run goes on there.',
    hint: 'go on: slipway up',
  },
  // signals
  interrupted: {
    exit: 130,
    meaning:
      "Stopped by SIGINT, or by the AbortSignal of a library's caller; what was running in a transaction was rolled back.",
    hint: 'slipway up',
  },
  terminated: {
    exit: 143,
    meaning: 'Stopped by SIGTERM; what was running in a transaction was rolled back.',
    hint: 'slipway up',
  },
} as const satisfies Record<string, ErrorSpec>

/** Every way to fail: the codes of docs/errors.md. */
export type ErrorCode = keyof typeof errorTable
