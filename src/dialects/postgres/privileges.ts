/** Work that the caller's role may lack a privilege for (42501): then the error names the GRANT that mends it. */
import { SlipwayError } from '../../errors.ts'
import { quotePostgresId } from '../../sql/quote.ts'
import { explain } from './errors.ts'
import type { HistoryNames } from './naming.ts'

/** `User does not have CONNECT privilege` is the one privilege that is asked for before there is a session. */
export function asClient<T>(
  { user, database }: { readonly user: string; readonly database: string },
  connect: () => Promise<T>,
): Promise<T> {
  return explainingPrivilege(connect, {
    what: `the role ${user} may not connect to ${database}`,
    // Quoting throws for a name that is too long, which is for the server to say.
    get grants() {
      return `grant connect on database ${quotePostgresId(database)} to ${quotePostgresId(user)}`
    },
  })
}

export function asReader<T>(names: HistoryNames, role: string, read: () => Promise<T>): Promise<T> {
  return explainingPrivilege(read, {
    what: `the role ${role} may not read ${names.shown} and its log`,
    grants: `${grantUsage(names, role)}; ${grantTables(names, role, 'select')}`,
  })
}

/** For the bookkeeping only: what a migration itself may not do is the migration's failure. */
export function asWriter<T>(names: HistoryNames, role: string, write: () => Promise<T>): Promise<T> {
  return explainingPrivilege(write, {
    what: `the role ${role} may not write ${names.shown} and its log`,
    grants: `${grantUsage(names, role)}; ${grantTables(names, role, 'select, insert, update')}`,
  })
}

/** For `stamp` and `repair`, which may take a row out of the history. */
export function asAmender<T>(names: HistoryNames, role: string, write: () => Promise<T>): Promise<T> {
  const to = quotePostgresId(role)
  return explainingPrivilege(write, {
    what: `the role ${role} may not change ${names.shown} and its log`,
    grants: `${grantUsage(names, role)}; grant select, insert, update, delete on ${names.history} to ${to}; grant select, insert on ${names.log} to ${to}`,
  })
}

/** To take over another tool's table, whose new name only its owner can give it. */
export function asAdopter<T>(
  table: string,
  { names, role }: { readonly names: HistoryNames; readonly role: string },
  adopt: () => Promise<T>,
): Promise<T> {
  return explainingPrivilege(adopt, {
    what: `the role ${role} may not take over ${table} as ${names.shown}`,
    grants: `work as the owner of that table (SLIPWAY_ROLE), who may create in ${names.schema}; or leave it where it is: export SLIPWAY_TABLE=slipway_migrations`,
  })
}

export interface Creation {
  readonly role: string
  readonly database: string
  readonly isSchemaThere: boolean
}

export function asCreator<T>(names: HistoryNames, creation: Creation, create: () => Promise<T>): Promise<T> {
  return explainingPrivilege(create, {
    what: `the role ${creation.role} may not create ${names.shown}`,
    grants: grantCreation(names, creation),
  })
}

export function grantCreation(names: HistoryNames, { role, database, isSchemaThere }: Creation): string {
  return isSchemaThere
    ? `grant usage, create on schema ${quotePostgresId(names.schema)} to ${quotePostgresId(role)}`
    : `grant create on database ${quotePostgresId(database)} to ${quotePostgresId(role)}`
}

export function grantTables(names: HistoryNames, role: string, privileges: string): string {
  return `grant ${privileges} on ${names.history}, ${names.log} to ${quotePostgresId(role)}`
}

export function grantUsage(names: HistoryNames, role: string): string {
  return `grant usage on schema ${quotePostgresId(names.schema)} to ${quotePostgresId(role)}`
}

async function explainingPrivilege<T>(
  work: () => Promise<T>,
  explained: { readonly what: string; readonly grants: string },
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = explain(error)
    if (fault.kind !== 'privilege') throw error
    throw new SlipwayError('privilege-missing', `${explained.what}: ${fault.message}`, {
      hint: explained.grants,
      sqlstate: '42501',
      cause: error,
    })
  }
}
