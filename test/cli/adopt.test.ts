/** adopt, on databases as other tools leave them: what is shown, recorded, moved, converted, and left alone. */
import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { describe, test } from 'node:test'
import { type Dialect, type ForeignHistory, foreignHistories } from '../helpers/foreign-histories.ts'
import { type Place, openPlace } from '../helpers/adoption-place.ts'

const history = (place: Place) =>
  place.rows(
    'select name, state, applied_at, source, applied_by, duration_ms from schema_migrations order by id',
  )

const log = async (place: Place) =>
  (await place.rows('select event, name, error from schema_migrations_log order by id')).map(
    ({ event, name, error }) => `${event} ${name}: ${error}`,
  )

const instantOf = (value: unknown) => new Date(value as string | Date).toISOString()

/** Every file that belongs to a migration stands in the text. */
function showsAll(text: string, { files }: ForeignHistory): void {
  for (const file of Object.keys(files)) {
    if (/^meta\/|lock\.toml$|__init__|\.down\.sql$/.test(file)) continue
    assert.ok(text.includes(`migrations/${file}`), `${file} is not shown:\n${text}`)
  }
}

for (const dialect of ['postgres', 'sqlite'] as const)
  describe(dialect, () => {
    for (const foreign of foreignHistories.filter(({ sql }) => sql[dialect] !== undefined))
      test(foreign.tool, () => adoptAll(dialect, foreign))
  })

async function adoptAll(dialect: Dialect, foreign: ForeignHistory): Promise<void> {
  await using place = await openPlace(dialect, foreign)
  const convert = foreign.needsConversion ? ' --convert' : ''
  const before = place.contents()
  const tables = await place.tables()

  if (foreign.needsConversion) {
    const seen = await place.expect(66, 'adopt --dry-run')
    showsAll(seen.stdout, foreign)
    assert.match(seen.stderr, /next: .*slipway adopt --convert/)
  }
  const planned = await place.expect(0, `adopt${convert} --dry-run`)
  showsAll(planned.stdout, foreign)
  assert.deepEqual(place.contents(), before, 'a look changed the folder')
  assert.deepEqual(await place.tables(), tables, 'a look changed the database')

  const done = await place.expect(0, `adopt${convert} --yes`)
  showsAll(done.stdout, foreign)
  await checkHistory(place, foreign)
  checkFolder(place, foreign, before)
  await checkTables(place, foreign, tables)

  const after = await log(place)
  for (const line of ['verify', 'up']) await place.expect(0, line)
  assert.match((await place.expect(0, 'adopt')).stdout, /^nothing to do: .*recorded already$/m)
  assert.deepEqual(await log(place), after, 'something was done again')
  // What comes next is files and history, the same on either database.
  if (dialect === 'postgres' || foreign.sql.postgres === undefined) await goOn(place, foreign)
}

async function checkHistory(place: Place, { names, at, tool }: ForeignHistory): Promise<void> {
  const rows = await history(place)
  assert.deepEqual(
    rows.map(({ name, state }) => `${name} ${state}`),
    names.map((name) => `${name} applied`),
  )
  for (const row of rows) {
    if (at !== undefined) assert.equal(instantOf(row.applied_at), at, String(row.name))
    assert.deepEqual([row.applied_by, Number(row.duration_ms)], ['pod-x', 0])
  }
  const lines = await log(place)
  assert.deepEqual(
    lines.map((line) => line.replace(/: .*/, '')),
    [...names.map((name) => `stamp ${name}`), 'adopt '],
  )
  assert.match(
    lines.at(-1) ?? '',
    new RegExp(`^adopt : ${names.length} migrations taken over from ${tool} \\(`, 'i'),
  )
}

function checkFolder(
  place: Place,
  { after }: ForeignHistory,
  before: Readonly<Record<string, string>>,
): void {
  const now = place.contents()
  assert.deepEqual(Object.keys(now), after ?? Object.keys(before))
  for (const [file, text] of Object.entries(before)) {
    const kept = Object.entries(now).filter(([path]) => basename(path).startsWith(basename(file)))
    assert.ok(
      kept.some(([, each]) => each === text),
      `the original of ${file} is gone`,
    )
  }
}

async function checkTables(
  place: Place,
  { movedTo }: ForeignHistory,
  before: readonly string[],
): Promise<void> {
  const own = ['schema_migrations', 'schema_migrations_log']
  const others = before.map((table) => (table === 'schema_migrations' ? (movedTo ?? table) : table))
  assert.deepEqual(await place.tables(), [...new Set([...own, ...others])].sort())
}

/** The next migration, as whoever is used to that tool would write it. */
async function goOn(place: Place, { next, needsConversion, names }: ForeignHistory): Promise<void> {
  if (next === undefined) return
  place.workspace.write(
    Object.fromEntries(Object.entries(next).map(([name, text]) => [`migrations/${name}`, text])),
  )
  const isForeign = Object.values(next).some((text) => /\+goose|Up Migration/.test(text))
  if (isForeign) {
    assert.equal(needsConversion, true)
    const converted = await place.expect(0, 'adopt --convert --yes')
    assert.match(converted.stdout, /pending: slipway up runs it, converted/)
  }
  await place.expect(0, 'up')
  assert.equal((await history(place)).length, names.length + 1)
  assert.match((await place.expect(0, 'adopt --yes')).stdout, /^nothing to do/m)
}
