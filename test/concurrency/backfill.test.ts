/** A kill at each instant of a batch; test/slow/ has many, on a million rows. */
import { test } from 'node:test'
import { killBetweenWriters, killOnSqlite } from '../helpers/backfill-kills.ts'
import { newestMajor } from '../helpers/postgres.ts'

test(`PostgreSQL ${newestMajor}: kills of a backfill between writers`, () =>
  killBetweenWriters(newestMajor, { rows: 4000, times: 3 }))

test('SQLite: kills of a backfill', () => killOnSqlite({ rows: 4000, times: 3 }))
