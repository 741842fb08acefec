/** A database with all its data, on another server. */
import { join } from 'node:path'
import type { BackupContext, CopyPlace } from '../reverting.ts'
import { postgresBackups } from './backup.ts'
import { libpqEnvironment } from './libpq-environment.ts'

/** By pg_dump and pg_restore. The other server need not know the roles of this one, so nothing is granted, and one owns all. */
export async function copyInto(context: BackupContext, { scratchDir, openEmpty }: CopyPlace): Promise<void> {
  const file = join(scratchDir, 'copy.dump')
  await postgresBackups.write(context, file)
  const to = await openEmpty()
  if (to.dialect !== 'postgres') throw new TypeError('not a PostgreSQL URL')
  const args = ['--no-owner', '--no-acl', '--exit-on-error', '--no-password', `--dbname=${to.database}`, file]
  const { end, message } = await context.run('pg_restore', args, {
    env: libpqEnvironment(to),
    signal: context.signal,
  })
  if (end !== 'ok') throw new Error(end === 'missing' ? 'there is no pg_restore' : `pg_restore: ${message}`)
}
