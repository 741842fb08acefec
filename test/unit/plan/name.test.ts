import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compareMigrations,
  type ParsedName,
  parseMigrationName,
  parseVersion,
} from '../../../src/plan/name.ts'

type Row = readonly [stem: string, kind: 'sequence' | 'timestamp' | undefined, text?: string, slug?: string]

const rows: readonly Row[] = [
  // Timestamps in one run of digits.
  ['20260131120000_create_users', 'timestamp', '20260131120000', 'create_users'],
  ['20260131120000-create-users', 'timestamp', '20260131120000', 'create-users'],
  ['20260131120000.create', 'timestamp', '20260131120000', 'create'],
  ['20260131120000__create', 'timestamp', '20260131120000', 'create'],
  ['20260131120000___create', 'timestamp', '20260131120000', '_create'],
  ['20260131120000', 'timestamp', '20260131120000', ''],
  ['20260131120000_', 'timestamp', '20260131120000', ''],
  ['20260131_create', 'timestamp', '20260131', 'create'],
  ['202601311200_create', 'timestamp', '202601311200', 'create'],
  ['20260131120000123_create', 'timestamp', '20260131120000123', 'create'],
  ['20260131120000123456_create', 'timestamp', '20260131120000123456', 'create'],
  ['20260131999999_only_the_date_counts', 'timestamp', '20260131999999', 'only_the_date_counts'],
  ['20240229_leap', 'timestamp', '20240229', 'leap'],
  ['19700101000000_first', 'timestamp', '19700101000000', 'first'],
  ['V20260131120000__create', 'timestamp', '20260131120000', 'create'],
  // Grouped timestamps.
  ['20260131_120000_create', 'timestamp', '20260131_120000', 'create'],
  ['20260131-120000-create', 'timestamp', '20260131-120000', 'create'],
  ['20260131T120000_create', 'timestamp', '20260131T120000', 'create'],
  ['20260131_1200_create', 'timestamp', '20260131_1200', 'create'],
  ['20260131_01_create', 'timestamp', '20260131', '01_create'],
  ['20260131_12000_create', 'timestamp', '20260131', '12000_create'],
  ['2026_01_31_create', 'timestamp', '2026_01_31', 'create'],
  ['2026_01_31', 'timestamp', '2026_01_31', ''],
  ['2026_01_31_120000_create', 'timestamp', '2026_01_31_120000', 'create'],
  ['2026_01_31_120000', 'timestamp', '2026_01_31_120000', ''],
  ['2026-01-31-120000_create', 'timestamp', '2026-01-31-120000', 'create'],
  ['2026-01-31-120000-0001_create', 'timestamp', '2026-01-31-120000-0001', 'create'],
  ['2026-01-31-120000', 'timestamp', '2026-01-31-120000', ''],
  ['2026.01.31T12.00.00.create', 'timestamp', '2026.01.31T12.00.00', 'create'],
  ['2026-01-31-12-00-00_create', 'timestamp', '2026-01-31-12-00-00', 'create'],
  ['V2026_01_31_2__create', 'timestamp', '2026_01_31_2', 'create'],
  ['V20260131.2__create', 'timestamp', '20260131.2', 'create'],
  // Eight digits or more that are no date.
  ['20260230_create', 'sequence', '20260230', 'create'],
  ['20261301_create', 'sequence', '20261301', 'create'],
  ['20250229_create', 'sequence', '20250229', 'create'],
  ['20260100_create', 'sequence', '20260100', 'create'],
  ['20260230_120000_create', 'sequence', '20260230', '120000_create'],
  ['2026_02_30_create', 'sequence', '2026', '02_30_create'],
  ['00000000000000_initial', 'sequence', '00000000000000', 'initial'],
  ['1767225600_epoch', 'sequence', '1767225600', 'epoch'],
  ['1712112345_epoch_that_begins_like_a_date', 'sequence', '1712112345', 'epoch_that_begins_like_a_date'],
  ['1712112345678-EpochInMilliseconds', 'sequence', '1712112345678', 'EpochInMilliseconds'],
  ['19691231_create', 'sequence', '19691231', 'create'],
  // Sequence numbers.
  ['001', 'sequence', '001', ''],
  ['0', 'sequence', '0', ''],
  ['1_init', 'sequence', '1', 'init'],
  ['001_create', 'sequence', '001', 'create'],
  ['001-create', 'sequence', '001', 'create'],
  ['001.create', 'sequence', '001', 'create'],
  ['001_2fa', 'sequence', '001', '2fa'],
  ['1.2.3_create', 'sequence', '1.2.3', 'create'],
  ['1_2__create', 'sequence', '1', '2__create'],
  ['2026_create', 'sequence', '2026', 'create'],
  ['2026_01_create', 'sequence', '2026', '01_create'],
  ['V0001.Name', 'sequence', '0001', 'Name'],
  ['V1__create', 'sequence', '1', 'create'],
  ['v1__create', 'sequence', '1', 'create'],
  ['V1_2__create', 'sequence', '1_2', 'create'],
  ['V1.2__create', 'sequence', '1.2', 'create'],
  ['V1_2_create', 'sequence', '1', '2_create'],
  ['001_größe_ändern', 'sequence', '001', 'größe_ändern'],
  ['20260131_追加', 'timestamp', '20260131', '追加'],
  // No version at all.
  ['create_users', undefined],
  ['', undefined],
  ['_001_create', undefined],
  ['001create', undefined],
  ['20260131create', undefined],
  ['V__create', undefined],
  ['Vcreate', undefined],
  ['R__view', undefined],
  ['U1__undo', undefined],
  ['001 create', undefined],
  ['-1_create', undefined],
  ['٠٠١_create', undefined],
  ['1'.repeat(41), undefined],
]

for (const [stem, kind, text, slug] of rows) {
  test(`name ${stem === '' ? '(empty)' : stem}`, () => {
    const parsed = parseMigrationName(stem)
    assert.deepEqual(
      parsed && { kind: parsed.version.kind, text: parsed.version.text, slug: parsed.slug },
      kind && { kind, text, slug },
    )
  })
}

/** Each list is in order; every pair of every list is compared both ways. */
const orders: readonly (readonly string[])[] = [
  ['000_a', '1_a', '002_a', '2_b', '10_a', '00099_a', '100_a', '20260230_a', '1767225600_a'],
  ['V1__a', 'V1_2__a', 'V1_10__a', 'V1.11__a', 'V2__a', 'V10__a'],
  ['00000000000000_init', '20260131_a', '20260131000001_a', '20260131120000_a', '20260201_a'],
  ['1712112345678_epoch', '19991231_a', '2026_01_30_235959_a', '20260131_a', '2026_01_31_120000_a'],
  ['99999999999999_sequence', '19991231_timestamp'],
  ['20260131_120000_a', '20260131120000_b', '2026-01-31-120000_c', '20260131120000001_a'],
  ['20260131120000123_a', '20260131120000123001_a', '20260131120000124_a'],
  ['V20260131__a', 'V20260131.2__a', 'V20260131.10__a', 'V20260201__a'],
  ['V2026_01_31__a', 'V2026_01_31_2__a', 'V2026_01_31_10__a', 'V2026_02_01__a'],
  ['001', '001_', '001_B', '001_a', '001_ä'],
]

for (const order of orders) {
  test(`order ${order.join(' < ')}`, () => {
    const parsed = order.map(mustParse)
    for (const [i, a] of parsed.entries())
      for (const [j, b] of parsed.entries()) {
        const expected = order[i]?.replace(/_$/, '') === order[j]?.replace(/_$/, '') ? 0 : Math.sign(i - j)
        assert.equal(Math.sign(compareMigrations(a, b)), expected, `${order[i]} against ${order[j]}`)
      }
  })
}

const equals: readonly (readonly [string, string])[] = [
  ['001_a', '1_a'],
  ['1_a', '1-a'],
  ['V1_2__a', '1.2_a'],
  ['V1_0__a', 'V1__a'],
  ['20260131_a', '20260131000000_a'],
  ['2026_01_31_120000_a', '20260131120000_a'],
  ['20260131120000_a', '20260131120000000000_a'],
]
for (const [a, b] of equals) {
  test(`${a} and ${b} are one version and slug`, () => {
    assert.equal(compareMigrations(mustParse(a), mustParse(b)), 0)
  })
}

test('parseVersion takes a version alone', () => {
  assert.equal(parseVersion('001')?.key, mustParse('1_x').version.key)
  assert.equal(parseVersion('V1_2')?.key, mustParse('V1_2__x').version.key)
  assert.equal(parseVersion('2026_01_31')?.kind, 'timestamp')
  for (const text of ['001_a', '001_', 'a', '', '+1']) assert.equal(parseVersion(text), undefined, text)
})

function mustParse(stem: string): ParsedName {
  const parsed = parseMigrationName(stem)
  assert.ok(parsed, stem)
  return parsed
}
