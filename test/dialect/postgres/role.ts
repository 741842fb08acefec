/** Roles that may do little. */
import { testPassword } from '../../helpers/password.ts'
import { type TestDatabase, uniqueName } from '../../helpers/postgres.ts'

export interface Role {
  readonly user: string
  readonly password: string
}

/** Runs `work` with a role that may connect and look into schema public, and nothing else. */
export async function withRole(db: TestDatabase, work: (role: Role) => Promise<void>): Promise<void> {
  const role = { user: uniqueName('reader'), password: testPassword() }
  await db.query(`create role ${role.user} login password '${role.password.replaceAll("'", "''")}'`)
  await db.query(`revoke create on schema public from public`)
  await db.query(`grant usage on schema public to ${role.user}`)
  try {
    await work(role)
  } finally {
    await db.query(`drop owned by ${role.user}`)
    await db.query(`drop role ${role.user}`)
  }
}
