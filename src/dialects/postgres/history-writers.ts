/** Who may write the history besides those whom a down from it trusts: its owner, ourselves, and superusers. */
import type { Link } from './link.ts'
import { type HistoryNames, literal } from './naming.ts'
import { type Reader, readAs } from './read-as.ts'

/**
 * Grants on the table or on one of its columns, to PUBLIC too; roles that can log in and become the owner, or write
 * every table; and the owner itself, if it is neither us nor a superuser: whoever owns the schema can put a table of
 * his own there. `pg_write_all_data`: PostgreSQL 14 and later.
 */
export async function findHistoryWriters(
  link: Link,
  names: HistoryNames,
  reader: Reader,
  versionNumber: number,
): Promise<string[]> {
  const writesAll =
    versionNumber >= 140000 ? `or pg_catalog.pg_has_role(r.oid, 'pg_write_all_data', 'MEMBER')` : ''
  const rows = await readAs(
    link,
    reader,
    `with history as (
  select c.oid, c.relowner, c.relacl from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = ${literal(names.schema)} and c.relname = ${literal(names.table)}
), granted as (
  select a.grantee from history h, pg_catalog.aclexplode(h.relacl) a
  where a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
  union
  select a.grantee from history h
  join pg_catalog.pg_attribute c on c.attrelid = h.oid,
  pg_catalog.aclexplode(c.attacl) a
  where a.privilege_type in ('INSERT', 'UPDATE')
)
select 'PUBLIC' as name from granted where grantee = 0
union
select r.rolname::text from granted g join pg_catalog.pg_roles r on r.oid = g.grantee, history h
where g.grantee <> h.relowner and not r.rolsuper and r.rolname <> session_user
union
select r.rolname::text from pg_catalog.pg_roles r, history h
where r.rolcanlogin and not r.rolsuper and r.oid <> h.relowner and r.rolname <> session_user
  and (pg_catalog.pg_has_role(r.oid, h.relowner, 'MEMBER') ${writesAll})
union
select r.rolname::text from pg_catalog.pg_roles r, history h
where r.oid = h.relowner and not r.rolsuper and not pg_catalog.pg_has_role(session_user, h.relowner, 'MEMBER')
order by 1`,
  )
  return rows.map(({ name }) => String(name))
}
