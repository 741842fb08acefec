/** What is absent of the history's two tables, and their schema where one is named that is not there yet. */
import { SlipwayError } from '../../errors.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import { readOnly, type ServerFacts } from './facts.ts'
import { schemaMark } from './grant-readers.ts'
import type { FoundTables } from './history.ts'
import { type HistoryNames, literal } from './naming.ts'
import { asCreator } from './privileges.ts'
import { type Workplace, writeHistory } from './workplace.ts'

/**
 * Under the run lock only. Looks into the catalogue first: `create schema if not exists` needs a privilege even where
 * the schema exists. Throws privilege-missing, and bad-setting where search_path leads nowhere and no schema is named.
 */
export async function createHistory(place: Workplace, facts: ServerFacts, found: FoundTables): Promise<void> {
  const { link, names, role } = place
  const isThere = (await readOnly(link, selectSchema(names))).length > 0
  const creation = { role, database: facts.database, isSchemaThere: isThere }
  const absent = createAbsent(names, { facts, found, isSchemaThere: isThere })
  await asCreator(names, creation, () => writeHistory(place, absent))
}

export function selectSchema({ schema }: HistoryNames): string {
  return `select 1 as one from pg_catalog.pg_namespace where nspname = ${literal(schema)}`
}

interface Situation {
  readonly facts: ServerFacts
  readonly found: FoundTables
  readonly isSchemaThere: boolean
}

/** Throws bad-setting where search_path leads nowhere and no schema is named. */
export function createAbsent(names: HistoryNames, { facts, found, isSchemaThere }: Situation): string {
  if (!isSchemaThere && facts.schema === undefined) throw nowhere(facts, names)
  return [
    ...(isSchemaThere ? [] : [createSchema(names)]),
    ...(found.history === undefined ? [createHistoryTable(names)] : []),
    ...(found.log === undefined ? [createLogTable(names)] : []),
  ].join(';\n')
}

/** All of it, as it is made on an empty database. */
export function createWhole(names: HistoryNames): string[] {
  return [
    ...(names.schema === 'public' ? [] : [`create schema if not exists ${quotePostgresId(names.schema)}`]),
    createHistoryTable(names),
    createLogTable(names),
  ]
}

function nowhere(facts: ServerFacts, names: HistoryNames): SlipwayError {
  return new SlipwayError(
    'bad-setting',
    `no schema in the search_path of ${facts.user} on ${facts.database} exists, so there is no place for the history`,
    { hint: `name one, and it is created: SLIPWAY_SCHEMA=${names.schema}` },
  )
}

function createSchema({ schema }: HistoryNames): string {
  const name = quotePostgresId(schema)
  return `create schema ${name};\ncomment on schema ${name} is ${literal(schemaMark)}`
}

function createHistoryTable(names: HistoryNames): string {
  return `create table ${names.history} (
  id bigint generated always as identity primary key,
  name text not null unique,
  checksum text not null,
  applied_at timestamptz not null default pg_catalog.clock_timestamp(),
  duration_ms bigint not null default 0,
  applied_by text not null,
  runner_version text not null,
  run_id text not null,
  state text not null check (state in ('applied', 'started', 'skipped')),
  statements_done integer not null default 0,
  breaking boolean not null default false,
  source text not null
);
comment on table ${names.history} is 'Migrations applied by slipway'`
}

function createLogTable(names: HistoryNames): string {
  return `create table ${names.log} (
  id bigint generated always as identity primary key,
  at timestamptz not null default pg_catalog.clock_timestamp(),
  event text not null,
  name text not null,
  checksum text not null,
  statements_done integer,
  duration_ms bigint,
  applied_by text not null,
  runner_version text not null,
  run_id text not null,
  error text
);
comment on table ${names.log} is 'What slipway did, append-only'`
}
