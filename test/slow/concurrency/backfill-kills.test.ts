/** Ten kills at random instants of a backfill on each PostgreSQL, with writers beside it, and five on SQLite. */
import { test } from 'node:test'
import { killBetweenWriters, killOnSqlite } from '../../helpers/backfill-kills.ts'
import { postgresMajors } from '../../helpers/postgres.ts'

for (const major of postgresMajors)
  test(`PostgreSQL ${major}: ten kills of a backfill between writers`, () =>
    killBetweenWriters(major, { rows: 12_000, times: 10 }))

test('SQLite: five kills of a backfill', () => killOnSqlite({ rows: 12_000, times: 5 }))
