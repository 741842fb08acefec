/** Going up, down and up again by the fixtures leaves the same catalogue. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { postgresMajors } from '../../helpers/postgres.ts'
import { postgresEnv, roundtrip } from '../../helpers/round-trip.ts'

// `pairs` has downs that leave enum values behind, as real products do: it comes back as a whole only.
for (const major of postgresMajors.filter((each) => each >= 14))
  test(`folders on PostgreSQL ${major}`, async () => {
    const dir = join(import.meta.dirname, '../../fixtures/folders')
    const migrations = await roundtrip(dir, await postgresEnv(major))
    assert.ok(migrations.length >= 50, `${migrations.length} migrations`)
    assert.ok(migrations.some(({ outcome }) => outcome === 'same'))
  })
