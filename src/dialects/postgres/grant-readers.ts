/** Who may read the history besides its owner: SLIPWAY_GRANT_SELECT_TO, kept up to date by whoever holds the run lock. */
import { SlipwayError } from '../../errors.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import { explain } from './errors.ts'
import { readOnly } from './facts.ts'
import type { Link } from './link.ts'
import { type HistoryNames, literal } from './naming.ts'
import { isPublic } from './roles.ts'
import type { Workplace } from './workplace.ts'

/** On a schema that slipway made; others belong to somebody, and so does the use of them. */
export const schemaMark = 'Made by slipway for its history'

/**
 * Grants what is missing, and takes nothing away; false when `write` could not, because the run lock is somebody else's. The roles and the tables exist. Throws privilege-missing with the
 * GRANT where the tables belong to somebody else.
 */
export async function grantReaders(
  place: Pick<Workplace, 'link' | 'names' | 'role'>,
  readers: readonly string[],
  write: (text: string) => Promise<boolean>,
): Promise<boolean> {
  if (readers.length === 0) return true
  const lacking = await findLacking(place.link, place.names, readers)
  if (lacking.tables.length === 0 && lacking.schema.length === 0) return true
  const grants = writeGrants(place.names, lacking)
  try {
    if (!(await write(grants))) return false
  } catch (error) {
    throw explain(error).kind === 'privilege' ? notOurs(place, lacking, grants, error) : error
  }
  // Without the right to grant, but with some other, GRANT only warns.
  const left = await findLacking(place.link, place.names, readers)
  if (left.tables.length > 0) throw notOurs(place, left, writeGrants(place.names, left), undefined)
  return true
}

export interface Lacking {
  readonly tables: readonly string[]
  readonly schema: readonly string[]
}

async function findLacking(link: Link, names: HistoryNames, readers: readonly string[]): Promise<Lacking> {
  const values = readers.map((name) => `(${literal(isPublic(name) ? 'public' : name)}::pg_catalog.name)`)
  const rows = await readOnly(
    link,
    `select wanted.name::text as name,
  pg_catalog.has_table_privilege(wanted.name, ${tableOid(names.history)}, 'SELECT')
    and pg_catalog.has_table_privilege(wanted.name, ${tableOid(names.log)}, 'SELECT') as may_read,
  pg_catalog.has_schema_privilege(wanted.name, space.oid, 'USAGE')
    or pg_catalog.obj_description(space.oid, 'pg_namespace') is distinct from ${literal(schemaMark)} as may_use
from (values ${values.join(', ')}) as wanted (name),
  pg_catalog.pg_namespace as space
where space.nspname = ${literal(names.schema)}`,
  )
  const without = (right: string) => rows.filter((row) => row[right] !== true).map(({ name }) => String(name))
  return { tables: without('may_read'), schema: without('may_use') }
}

function tableOid(table: string): string {
  return `${literal(table)}::pg_catalog.regclass::oid`
}

export function writeGrants(names: HistoryNames, { tables, schema }: Lacking): string {
  const grants = [
    ...(schema.length === 0
      ? []
      : [`grant usage on schema ${quotePostgresId(names.schema)} to ${listRoles(schema)}`]),
    ...(tables.length === 0
      ? []
      : [`grant select on ${names.history}, ${names.log} to ${listRoles(tables)}`]),
  ]
  return grants.join(';\n')
}

/** In quotes `"public"` is everybody, too. */
function listRoles(roles: readonly string[]): string {
  return roles.map(quotePostgresId).join(', ')
}

function notOurs(
  { names, role }: Pick<Workplace, 'names' | 'role'>,
  { tables, schema }: Lacking,
  grants: string,
  cause: unknown,
): SlipwayError {
  const whom = [...new Set([...tables, ...schema])].join(', ')
  return new SlipwayError(
    'privilege-missing',
    `the role ${role} may not let ${whom} read ${names.shown} and its log (SLIPWAY_GRANT_SELECT_TO)`,
    { hint: `as their owner: ${grants.replaceAll('\n', ' ')}`, sqlstate: '42501', cause },
  )
}
