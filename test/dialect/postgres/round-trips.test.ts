/** What a run costs on the wire, counted at a proxy: little when there is nothing to do, one trip more for each migration. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { slipway } from '../../helpers/cli.ts'
import { createTestDatabase, newestMajor, postgresMajors } from '../../helpers/postgres.ts'
import { startProxy, type TrafficCounts } from '../../helpers/proxy.ts'
import { createWorkspace, writeMigrations } from '../../helpers/workspace.ts'

/**
 * On a link this slow everything that is sent at once is on its way before the first answer is back, so that a trip
 * is a trip however busy the machine is.
 */
const linkDelayMs = 75
/** While a long migration is on its way: sending it takes time of its own. */
const longDelayMs = 1500

/** Of `slipway up` with these files; `runs` of them, the counts are the last one's. */
async function measureUp(
  major: number,
  files: Readonly<Record<string, string>>,
  { runs }: { readonly runs: number } = { runs: 1 },
): Promise<TrafficCounts> {
  await using db = await createTestDatabase(major)
  await using proxy = await startProxy(db.server)
  using workspace = createWorkspace()
  const env = {
    SLIPWAY_DATABASE_URL: proxy.through(db.url()),
    SLIPWAY_DIR: writeMigrations(workspace, files),
    SLIPWAY_KEEPALIVE: '0',
  }
  proxy.delay(linkDelayMs)
  const slowing = setInterval(() => {
    const { queries } = proxy.counts()
    const isUnderWay = queries.some((text) => text.includes('_long')) && queries.at(-1) !== 'commit'
    proxy.delay(isUnderWay ? longDelayMs : linkDelayMs)
  }, 5)
  try {
    for (let run = 0; run < runs; run++) {
      proxy.clearCounts()
      const { code, stderr } = await slipway(['up'], { env })
      assert.equal(code, 0, stderr)
    }
  } finally {
    clearInterval(slowing)
  }
  return proxy.counts()
}

/** That many migrations of two statements each; `padding` makes each that much longer. */
function migrations(count: number, padding = 0): Record<string, string> {
  const names = Array.from({ length: count }, (_, n) => String(n + 1).padStart(4, '0'))
  return Object.fromEntries(
    names.map((name) => [
      `${name}_step.sql`,
      `create table t${name} (id integer);\nalter table t${name} add column note text default '${'x'.repeat(padding)}';\n`,
    ]),
  )
}

/** A file of that many small statements. */
function manyStatements(count: number): string {
  const rows = Array.from(
    { length: count },
    (_, n) => `insert into rows values (${n}, '${'x'.repeat(400)}');`,
  )
  return `create table rows (id integer, note text);\n${rows.join('\n')}\n`
}

function report(t: TestContext, what: string, counts: TrafficCounts): void {
  t.diagnostic(`${what}: ${counts.queries.length} queries in ${counts.roundTrips} round trips`)
}

for (const major of postgresMajors) {
  test(`PostgreSQL ${major}: nothing to do costs one query, no lock and no setting`, async (t) => {
    const counts = await measureUp(major, migrations(3), { runs: 2 })
    report(t, 'nothing to do', counts)
    assert.equal(counts.queries.length, 1, counts.queries.join('\n--\n'))
    assert.deepEqual(Object.keys(counts.messages).sort(), ['Q', 'X'])
    for (const text of counts.queries) {
      assert.match(text, /^begin transaction read only;/)
      assert.doesNotMatch(text, /\b(set|lock|create|insert|update)\b|advisory/i)
    }
  })

  test(`PostgreSQL ${major}: each further SQL migration costs one round trip`, async (t) => {
    const few = await measureUp(major, migrations(2))
    const many = await measureUp(major, migrations(4))
    report(t, '2 migrations', few)
    report(t, '4 migrations', many)
    assert.ok((many.roundTrips - few.roundTrips) / 2 <= 1, `${few.roundTrips} and ${many.roundTrips}`)
  })
}

test('a long migration costs no more round trips than a short one', async (t) => {
  const short = await measureUp(newestMajor, migrations(1))
  report(t, 'a short one', short)
  const texts = {
    'one statement of 200 kB': migrations(1, 200_000)['0001_step.sql'] ?? '',
    '500 statements of 200 kB together': manyStatements(500),
  }
  for (const [what, text] of Object.entries(texts)) {
    assert.ok(text.length > 200_000)
    const long = await measureUp(newestMajor, { '0001_long.sql': text })
    report(t, what, long)
    assert.equal(long.roundTrips, short.roundTrips, what)
  }
})
