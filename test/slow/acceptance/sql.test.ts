/** `slipway sql` on every major of the run, and of the products; test/cli/sql.test.ts is the short of it. */
import { join } from 'node:path'
import { test } from 'node:test'
import { newestMajor, postgresMajors } from '../../helpers/postgres.ts'
import { describeScripts, expectSame, onPostgres } from '../../helpers/printed-sql.ts'

const products = ['pairs', 'folders'] as const

for (const major of postgresMajors) {
  if (major !== newestMajor) describeScripts(`PostgreSQL ${major}`, onPostgres(major))
  // They have what PostgreSQL 13 does not know.
  for (const product of major < 14 ? [] : products)
    test(`PostgreSQL ${major}, the fixture ${product}: psql makes what up makes`, () =>
      expectSame(onPostgres(major), join(import.meta.dirname, '../../fixtures', product)))
}
