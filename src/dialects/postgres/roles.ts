/** The roles that settings name: whether they exist, and whether this login may become the one that works. */
import { SlipwayError } from '../../errors.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import { readOnly, type ServerFacts } from './facts.ts'
import type { Link } from './link.ts'
import { literal, requireWholeName } from './naming.ts'

export interface NamedRoles {
  /** SLIPWAY_ROLE: whom to become after connecting. */
  readonly role: string | undefined
  /** SLIPWAY_GRANT_SELECT_TO: who may read the history. */
  readonly readers: readonly string[]
}

type LoginFacts = Pick<ServerFacts, 'user' | 'versionNumber' | 'database'>

/** A role of that name cannot exist. */
export function isPublic(name: string): boolean {
  return name.toLowerCase() === 'public'
}

/**
 * Who works, whatever a migration has made of it. RESET ROLE leads back to the login, or to the role that ALTER ROLE …
 * SET ROLE gave it; https://www.postgresql.org/docs/current/sql-set-role.html
 */
export function resetIdentity(role: string | undefined): string {
  const reset = 'reset session authorization;\nreset role'
  return role === undefined ? reset : `${reset};\nset role ${quotePostgresId(role)}`
}

/**
 * Before any work. Throws role-missing naming all that do not exist, privilege-missing with the GRANT, and bad-setting
 * for a name that PostgreSQL would cut.
 */
export async function requireRoles(link: Link, facts: LoginFacts, named: NamedRoles): Promise<void> {
  const { role } = named
  if (role !== undefined) requireWholeName(role, 'SLIPWAY_ROLE')
  for (const name of named.readers) requireWholeName(name, 'SLIPWAY_GRANT_SELECT_TO')
  const names = [...(role === undefined ? [] : [role]), ...named.readers.filter((name) => !isPublic(name))]
  if (names.length === 0) return
  const found = await findRoles(link, facts, names)
  const missing = [...new Set(names)].filter((name) => !found.has(name))
  if (missing.length > 0) throw missingRoles(missing, named, facts)
  if (role !== undefined && found.get(role) !== true) throw noMember(role, facts)
}

/** Whether the login may become each role that exists. */
async function findRoles(
  link: Link,
  { versionNumber }: LoginFacts,
  names: readonly string[],
): Promise<ReadonlyMap<string, boolean>> {
  // From PostgreSQL 16 on, a membership may be granted without the right to SET ROLE.
  const privilege = versionNumber >= 160000 ? 'SET' : 'MEMBER'
  const rows = await readOnly(
    link,
    `select rolname::text as name, pg_catalog.pg_has_role(session_user, oid, '${privilege}') as may
from pg_catalog.pg_roles
where rolname::text in (${names.map(literal).join(', ')})`,
  )
  return new Map(rows.map(({ name, may }) => [String(name), may === true]))
}

function missingRoles(missing: readonly string[], { role }: NamedRoles, facts: LoginFacts): SlipwayError {
  const described = missing.map(
    (name) => `${name} (${name === role ? 'SLIPWAY_ROLE' : 'SLIPWAY_GRANT_SELECT_TO'})`,
  )
  const creations = missing.map((name) => `create role ${quotePostgresId(name)}`)
  const verb = missing.length === 1 ? 'the role does' : 'the roles do'
  return new SlipwayError(
    'role-missing',
    `${verb} not exist on the server of ${facts.database}: ${described.join(', ')}`,
    { hint: `correct the name, or: ${creations.join('; ')}` },
  )
}

function noMember(role: string, { user, versionNumber }: LoginFacts): SlipwayError {
  const grant = `grant ${quotePostgresId(role)} to ${quotePostgresId(user)}`
  return new SlipwayError('privilege-missing', `the role ${user} may not become ${role} (SLIPWAY_ROLE)`, {
    hint: versionNumber >= 160000 ? `${grant} with set true` : grant,
  })
}
