/**
 * The SQL around a turn. A pooler gives the server connection to somebody else afterwards, and gave it to somebody else
 * before: what is set there is put aside at the beginning and back at the end, in one transaction with the work.
 */
import { quotePostgresId } from '../../sql/quote.ts'
import type { Row } from '../dialect.ts'
import { instant, type ServerFacts } from './facts.ts'
import { type HistoryNames, literal, writeSearchPath } from './naming.ts'

/** What a server connection had before the turn. */
export interface Belongings {
  readonly pid: number
  /** The beginning of the transaction, as the server writes it. */
  readonly began: string
  readonly role: string
  /** Settings made in this server connection, by the pooler or by whoever had it last. */
  readonly settings: Readonly<Record<string, string>>
  /** Session-level advisory locks, as `lockKey` writes them. */
  readonly locks: readonly string[]
}

export interface TurnOptions {
  readonly names: HistoryNames
  readonly facts: ServerFacts
  readonly searchPath: readonly string[] | undefined
  /** SLIPWAY_ROLE. */
  readonly role: string | undefined
  readonly applicationName: string
}

/** Behind it the work can be undone while the turn and its lock go on. */
export const bodySavepoint = 'slipway_body'

const lockKey = `pg_catalog.concat_ws(' ', classid, objid, objsubid, mode)`
const ownLocks = `pg_catalog.pg_locks where locktype = 'advisory' and granted and pid = pg_catalog.pg_backend_pid()`

/**
 * Read committed, whatever the default: history must be seen as it is once the lock is there. Results: the belongings,
 * then whether the lock was free, then the state of history, where `withHistory`.
 */
export function openTurn(options: TurnOptions, withHistory: boolean): string {
  const { names } = options
  const { classId, objectId } = names.lockKey
  return `begin transaction isolation level read committed read write;
select pg_catalog.pg_backend_pid() as pid, ${instant('pg_catalog.transaction_timestamp()')} as began,
  pg_catalog.current_setting('role') as role,
  (select pg_catalog.jsonb_object_agg(name, setting) from pg_catalog.pg_settings
   where source = 'session' and name not in ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable')
     and (context = 'user' or context = 'superuser' and pg_catalog.current_setting('is_superuser') = 'on')) as settings,
  (select pg_catalog.jsonb_agg(${lockKey}) from ${ownLocks}) as locks;
reset session authorization;
reset role;
reset all;
discard temp;
${localSettings(options).join(';\n')};
${becomeRole(options)}select pg_catalog.pg_try_advisory_xact_lock(${classId}, ${objectId}) as locked${withHistory ? `;\n${historyMark(names)}` : ''}`
}

/** Only SET LOCAL: it ends with the transaction. `reset all` has taken the encoding that the pooler had set for us. */
function localSettings({ facts, searchPath, applicationName }: TurnOptions): string[] {
  const settings: [string, string][] = [
    ['client_encoding', literal('UTF8')],
    ['application_name', literal(applicationName)],
    ['statement_timeout', '0'],
    ['lock_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
    ['standard_conforming_strings', 'on'],
  ]
  if (facts.versionNumber >= 170000) settings.push(['transaction_timeout', '0'])
  if (searchPath !== undefined) settings.push(['search_path', writeSearchPath(searchPath)])
  return [
    ...settings.map(([name, value]) => `set local ${name} = ${value}`),
    // PostgreSQL 14 and later, and not where a provider forbids it: see probeConnectionCheck.
    `select pg_catalog.set_config(name, '500', true) from pg_catalog.pg_settings
where name = 'client_connection_check_interval' and context = 'user'`,
  ]
}

/** For the transaction only. */
export function becomeRole({ role }: Pick<TurnOptions, 'role'>): string {
  return role === undefined ? '' : `set local role ${quotePostgresId(role)};\n`
}

/** Changes whenever history or its log does. */
export function historyMark(names: HistoryNames): string {
  const line = `pg_catalog.concat_ws(' ', id, name, checksum, state, statements_done)`
  return `select pg_catalog.concat_ws(' ',
  (select pg_catalog.max(id) from ${names.log}),
  (select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
     pg_catalog.string_agg(${line}, pg_catalog.chr(10) order by id), 'UTF8')), 'hex') from ${names.history})) as mark`
}

export function readBelongings(row: Row | undefined): Belongings {
  return {
    pid: Number(row?.pid),
    began: String(row?.began),
    role: String(row?.role),
    settings: (row?.settings ?? {}) as Record<string, string>,
    locks: (row?.locks ?? []) as string[],
  }
}

/** Before COMMIT, in the same message. */
export function restore(before: Belongings, names: HistoryNames): string {
  const settings = Object.entries(before.settings).map(
    ([name, value]) => `pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`,
  )
  return [
    dropWhatStays(before, names),
    'reset session authorization',
    'reset role',
    'reset all',
    // A cursor on a temporary table keeps it from being dropped.
    'close all',
    'discard temp',
    'unlisten *',
    ...(before.role === 'none' ? [] : [`set role ${quotePostgresId(before.role)}`]),
    ...(settings.length === 0 ? [] : [`select ${settings.join(', ')}`]),
  ].join(';\n')
}

/**
 * What neither COMMIT nor ROLLBACK ends: statements that were PREPAREd, one by one, since `deallocate all` would take
 * the pooler's own as well, and session-level advisory locks.
 */
export function dropWhatStays({ began, locks }: Belongings, names: HistoryNames): string {
  const known = locks.map(literal).join(', ')
  const runLock = `classid = ${names.lockKey.classId} and objid = ${names.lockKey.objectId >>> 0} and objsubid = 2`
  const body = `declare
  left_behind record;
  high bigint;
  low bigint;
  released boolean;
begin
  for left_behind in
    select name from pg_catalog.pg_prepared_statements
    where from_sql and prepare_time >= ${literal(began)}::pg_catalog.timestamptz
  loop
    execute pg_catalog.format('deallocate %I', left_behind.name);
  end loop;
  perform pg_catalog.set_config('client_min_messages', 'error', true);
  for left_behind in
    select classid, objid, objsubid, mode from ${ownLocks} and not (${runLock})${known === '' ? '' : `\n      and ${lockKey} not in (${known})`}
  loop
    loop
      high := left_behind.classid::pg_catalog.int8;
      low := left_behind.objid::pg_catalog.int8;
      if left_behind.objsubid = 1 then
        released := case left_behind.mode
          when 'ShareLock' then pg_catalog.pg_advisory_unlock_shared((high << 32) | low)
          else pg_catalog.pg_advisory_unlock((high << 32) | low) end;
      else
        high := case when high >= 2147483648 then high - 4294967296 else high end;
        low := case when low >= 2147483648 then low - 4294967296 else low end;
        released := case left_behind.mode
          when 'ShareLock' then pg_catalog.pg_advisory_unlock_shared(high::pg_catalog.int4, low::pg_catalog.int4)
          else pg_catalog.pg_advisory_unlock(high::pg_catalog.int4, low::pg_catalog.int4) end;
      end if;
      exit when not released or not exists (
        select from ${ownLocks} and classid = left_behind.classid and objid = left_behind.objid
          and objsubid = left_behind.objsubid and mode = left_behind.mode);
    end loop;
  end loop;
end`
  return `do ${literal(body)}`
}
