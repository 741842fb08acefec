/** What the role may do with the history, found without trying, and the GRANT for what it may not. */
import { quotePostgresId } from '../../sql/quote.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Row } from '../dialect.ts'
import type { Examined } from './examine.ts'
import { readOnly } from './facts.ts'
import { type HistoryNames, literal, nameLog } from './naming.ts'
import { grantCreation, grantTables, grantUsage } from './privileges.ts'

/** Of whoever works: the login, or SLIPWAY_ROLE, which it has to be allowed to become. */
export async function examinePrivileges({ link, facts, names, options }: Examined): Promise<Diagnosis> {
  const { role } = options
  const become = role === undefined ? '' : `set local role ${quotePostgresId(role)};\n`
  const [row = {}] = await readOnly(link, `${become}${selectPrivileges(names)}`)
  const worker = { user: role ?? facts.user, database: facts.database }
  return row.history_there === true || row.log_there === true
    ? judgeUse(row, names, worker.user)
    : judgeCreation(row, names, worker)
}

/** Asked by oid, which needs no privilege on the schema. */
function selectPrivileges({ schema, table }: HistoryNames): string {
  const may = (object: string, privilege: string) =>
    `coalesce(pg_catalog.has_${object}.oid, '${privilege}'), false)`
  return `select
  s.oid is not null as schema_there,
  ${may('schema_privilege(s', 'usage')} as may_use,
  ${may('schema_privilege(s', 'create')} as may_create,
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create') as may_create_schema,
  h.oid is not null as history_there,
  l.oid is not null as log_there,
  ${may('table_privilege(h', 'select')} and (l.oid is null or ${may('table_privilege(l', 'select')}) as may_read,
  ${may('table_privilege(h', 'insert')} and ${may('table_privilege(h', 'update')} and (l.oid is null or ${may('table_privilege(l', 'insert')}) as may_write
from (values (1)) as one (n)
left join pg_catalog.pg_namespace as s on s.nspname = ${literal(schema)}
left join pg_catalog.pg_class as h on h.relnamespace = s.oid and h.relname = ${literal(table)}
left join pg_catalog.pg_class as l on l.relnamespace = s.oid and l.relname = ${literal(nameLog(table))}`
}

const check = 'privileges'

type Worker = Pick<Examined['facts'], 'user' | 'database'>

function judgeCreation(row: Row, names: HistoryNames, { user, database }: Worker): Diagnosis {
  const isSchemaThere = row.schema_there === true
  const may = isSchemaThere ? row.may_use === true && row.may_create === true : row.may_create_schema === true
  if (may) return { check, level: 'ok', message: `${user} may create ${names.shown}` }
  return {
    check,
    level: 'fail',
    message: `the role ${user} may not create ${names.shown}`,
    remedy: grantCreation(names, { role: user, database, isSchemaThere }),
    code: 'privilege-missing',
  }
}

function judgeUse(row: Row, names: HistoryNames, user: string): Diagnosis {
  const may = { use: row.may_use === true, read: row.may_read === true, write: row.may_write === true }
  const create = `grant usage, create on schema ${quotePostgresId(names.schema)} to ${quotePostgresId(user)}`
  if (may.use && may.read && may.write) {
    if (row.may_create === true)
      return {
        check,
        level: 'ok',
        message: `${user} may read and write ${names.shown} and create in schema ${names.schema}`,
      }
    return {
      check,
      level: 'warn',
      message: `${user} may read and write ${names.shown}, but create nothing in schema ${names.schema}: migrations that do would fail`,
      remedy: create,
    }
  }
  const verb = may.use && may.read ? 'write' : 'read'
  const usage = row.may_create === true ? grantUsage(names, user) : create
  return {
    check,
    level: 'fail',
    message: `the role ${user} may not ${verb} ${names.shown} and its log`,
    remedy: `${usage}; ${grantTables(names, user, 'select, insert, update')}`,
    code: 'privilege-missing',
  }
}
