/** The schema by pg_dump; https://www.postgresql.org/docs/current/app-pgdump.html */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PostgresUrl } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import { tidyPostgresDump } from '../../sql/postgres-dump.ts'
import type { SchemaDumpOptions } from '../schema-dump.ts'
import { libpqEnvironment } from './libpq-environment.ts'
import type { HistoryNames } from './naming.ts'

export interface DumpPlace {
  readonly url: PostgresUrl
  readonly names: HistoryNames
  readonly role: string | undefined
}

/** Whoever holds a table that long is changing the schema. */
const lockTimeoutMs = 30_000

/** See Session.dumpSchema. Into a file: what a program prints is read line by line, and long ones in parts. */
export async function dumpSchema(
  { url, names, role }: DumpPlace,
  options: SchemaDumpOptions,
): Promise<string> {
  const { owners, run, signal, scratchDir } = options
  const file = join(scratchDir, 'schema.sql')
  const args = [
    '--schema-only',
    '--encoding=UTF8',
    '--no-password',
    // Their connection strings hold passwords, and a new database should not begin to replicate by itself.
    '--no-subscriptions',
    `--lock-wait-timeout=${lockTimeoutMs}`,
    `--file=${file}`,
    ...[names.history, names.log, names.progress].map((table) => `--exclude-table=${table}`),
    ...(owners ? [] : ['--no-owner']),
    ...(role === undefined ? [] : [`--role=${role}`]),
  ]
  const env = { ...libpqEnvironment(url), PGAPPNAME: 'slipway dump' }
  const { end, message } = await run('pg_dump', args, { env, signal })
  if (end === 'missing')
    throw new SlipwayError('program-missing', 'reading the schema needs pg_dump, and it is not on the PATH')
  if (end === 'failed') throw new SlipwayError('dump-failed', `the schema could not be read: ${message}`)
  return tidyPostgresDump(await readFile(file, 'utf8'), names.schema)
}
