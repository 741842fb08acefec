/** THE table of verbs and the flags that belong to one verb alone; parsing, help and docs/cli.md come from it. */
import { adoptVerb } from './adopt-verb.ts'
import { downVerb } from './down-verb.ts'
import { dumpVerb } from './dump-verb.ts'
import { newVerb, templatesVerb } from './new-verb.ts'
import { rehearseFlag, roundtripVerb, sqlVerb } from './offline-verbs.ts'

import { healthcheckVerb, serveVerb } from './serve-verb.ts'
import type { VerbSpec } from './verb.ts'

export type * from './verb.ts'

const json = { flag: 'json', type: { kind: 'boolean' }, doc: 'Print the result as JSON on stdout.' } as const
const ofMigration = { kind: 'string', placeholder: 'NAME' } as const
const yes = {
  flag: 'yes',
  type: { kind: 'boolean' },
  doc: 'Go on without asking. Needed where nobody can be asked, as in a pipe.',
} as const

export const verbs = {
  up: {
    summary: 'wait for the database, take the lock, apply everything pending',
    details:
      'Any number of runners may start at once: each migration is applied once, and all of them end when the work is done.',
    flags: [
      {
        flag: 'to',
        type: { kind: 'string', placeholder: 'TARGET' },
        doc: 'Stop after this migration: a full name, a version, or a unique part of a name.',
      },
      {
        flag: 'steps',
        type: { kind: 'positive-integer', placeholder: 'N' },
        doc: 'Apply at most N migrations. Not together with --to.',
      },
      {
        flag: 'dry-run',
        type: { kind: 'boolean' },
        doc: 'Print the plan and stop; reads only, takes no lock.',
      },
      rehearseFlag,
      {
        flag: 'single-transaction',
        type: { kind: 'boolean' },
        doc: 'All that is to run in one transaction: everything is applied, or nothing is.',
      },
    ],
    examples: ['slipway up', 'slipway up --dry-run', 'slipway up --to add_user_preferences'],
  },
  down: downVerb,
  status: {
    summary: 'show every migration and its state',
    details: 'Reads only: no lock, no table created, works for a role that cannot write.',
    flags: [
      json,
      { flag: 'exit-code', type: { kind: 'boolean' }, doc: 'Exit with 3 if anything is pending.' },
    ],
    examples: ['slipway status', 'slipway status --exit-code'],
  },
  history: {
    summary: 'show what ran, when, by whom and how long',
    details: 'Reads only: no lock, no table created, works for a role that cannot write.',
    flags: [
      {
        flag: 'all',
        type: { kind: 'boolean' },
        doc: 'Show the log, too: every attempt, failure, stamp and repair.',
      },
      json,
    ],
    examples: ['slipway history', 'slipway history --all'],
  },
  verify: {
    summary: 'compare the files with history, hashing every file',
    details:
      'Exits with 65 if one was changed, is missing, late or lacks a dependency, 66 for duplicates, 79 for an unfinished one. Reads only.',
    flags: [json],
    examples: ['slipway verify'],
  },
  wait: {
    summary: 'block until the database has every migration this image knows',
    details:
      'For the initContainer of an app when a Job migrates. Reads only. Exits with 3 if something is still pending in the end, 69 if the database never answered, 70 if the run it waits for failed.',
    flags: [
      {
        flag: 'timeout',
        type: { kind: 'duration' },
        default: '10m',
        doc: 'How long to wait altogether.',
      },
      {
        flag: 'for',
        type: { kind: 'choice', values: ['migrations', 'database'] },
        default: 'migrations',
        doc: 'With database: only until the server answers.',
      },
    ],
    examples: ['slipway wait', 'slipway wait --for database --timeout 2m'],
  },
  exec: {
    summary: 'up, then become the command',
    arguments: '-- COMMAND [ARGUMENT…]',
    details:
      'The command replaces slipway: same process id, it gets the signals, and its exit code is the result. Secrets in SLIPWAY_* variables are taken out of its environment.',
    flags: [],
    examples: ['slipway exec -- node server.js'],
  },
  serve: serveVerb,
  healthcheck: healthcheckVerb,
  stamp: {
    summary: 'record migrations as applied without running them',
    arguments: 'TARGET',
    details:
      'Everything pending up to the target, under the run lock, and written down in the log. For a database that already has what they would do. Asks first, or wants --yes.',
    flags: [
      { flag: 'only', type: { kind: 'boolean' }, doc: 'Record the target alone, not what comes before it.' },
      {
        flag: 'dry-run',
        type: { kind: 'boolean' },
        doc: 'Print what would be recorded and stop; reads only, takes no lock.',
      },
      yes,
    ],
    examples: ['slipway stamp head --dry-run', 'slipway stamp add_user_preferences --only --yes'],
  },
  repair: {
    summary: 'bring history back in line with the files or the database',
    details:
      'Changes history alone, never the schema, under the run lock, and writes it down in the log. Without a flag: lists what there is to repair. Asks first, or wants --yes.',
    flags: [
      {
        flag: 'accept',
        type: ofMigration,
        doc: 'The edited file of an applied migration becomes what history knows of it; all: of every one.',
      },
      {
        flag: 'finished',
        type: ofMigration,
        doc: 'An unfinished migration is done: somebody did the rest by hand.',
      },
      { flag: 'retry', type: ofMigration, doc: 'An unfinished migration is to run again from its start.' },
      {
        flag: 'forget',
        type: ofMigration,
        doc: 'An applied migration whose file is gone for good is taken out of history.',
      },
      yes,
    ],
    examples: ['slipway repair', 'slipway repair --accept 20260131120000_create_users'],
  },
  adopt: adoptVerb,
  sql: sqlVerb,
  roundtrip: roundtripVerb,
  dump: dumpVerb,
  doctor: {
    summary: 'look at everything that migrating needs, and say what is wrong with it',
    details:
      'Settings, files, connection, privileges, pooler, TLS, run lock, clocks and history, one line each with its remedy. Goes on after a failure with what can still be looked at; exits with the code of the first. Reads only.',
    flags: [
      json,
      {
        flag: 'timeout',
        type: { kind: 'duration' },
        default: '5s',
        doc: 'How long to wait for the database to answer.',
      },
    ],
    examples: ['slipway doctor', 'slipway doctor --json'],
  },
  unlock: {
    summary: 'say who holds the run lock, and end it if told to',
    details:
      'The lock needs no clearing: it goes with the session that holds it. Reads only, but for --terminate, which asks first or wants --yes.',
    flags: [
      {
        flag: 'terminate',
        type: { kind: 'boolean' },
        doc: 'End the session that holds the lock; the server rolls back what it did not commit (PostgreSQL).',
      },
      json,
      yes,
    ],
    examples: ['slipway unlock', 'slipway unlock --terminate'],
  },
  new: newVerb,
  templates: templatesVerb,
  config: {
    summary: 'show every setting, its value, and where it came from',
    details:
      'What lost to a stronger source is shown too, and so are names that no setting has. Passwords and the content of secret files are not. Needs no database. Exits with 78 if a setting is broken.',
    flags: [json],
    examples: ['slipway config', 'SLIPWAY_ENV=production slipway config --json'],
  },
  manifest: {
    summary: 'at image build: put names and checksums into one file, so that a start reads that one',
    details:
      'Writes .slipway-manifest.json into the folder of migrations. It counts as long as the folder holds the same names; a migration that is to run is compared with it first, and verify always reads every file. Needs no database.',
    flags: [
      {
        flag: 'check',
        type: { kind: 'boolean' },
        doc: 'Write nothing; exit with 80 unless the manifest is there and right.',
      },
    ],
    examples: ['slipway manifest', 'slipway manifest --check'],
  },
  version: {
    summary: 'print the versions of slipway, Node and SQLite',
    details: 'The same as slipway --version.',
    flags: [json],
    examples: ['slipway version'],
  },
  help: {
    summary: 'explain slipway, or one verb',
    arguments: '[VERB]',
    details: 'The same as slipway VERB --help.',
    flags: [],
    examples: ['slipway help', 'slipway help up'],
  },
} as const satisfies Record<string, VerbSpec>

export type Verb = keyof typeof verbs

export const verbNames = Object.keys(verbs) as readonly Verb[]

export function isVerb(word: string): word is Verb {
  return Object.hasOwn(verbs, word)
}

/** The table's row in its general shape. */
export function verbSpec(verb: Verb): VerbSpec {
  return verbs[verb]
}
