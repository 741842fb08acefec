/** The page of the benchmarks says of the results what they are, also where slipway is behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderBenchmarksPage } from '../../bench/report/page.ts'
import { drawApply, drawNoops } from '../../bench/report/plots.ts'
import type { Results, StartersRow, TimedCase, TimedKind } from '../../bench/results.ts'

type Medians = Readonly<Record<string, number | string>>

/** A text stands for a failure. */
function timed(kind: TimedKind, migrations: number, delayed: boolean, medians: Medians): TimedCase {
  return {
    kind,
    migrations,
    delayed,
    rounds: 3,
    rows: Object.entries(medians).map(([tool, value]) => {
      const ms = typeof value === 'string' ? 0 : value
      const times = { medianMs: ms, minMs: ms, maxMs: ms, medianCpuMs: ms }
      return typeof value === 'string'
        ? { tool, runs: 0, ...times, failed: value }
        : { tool, runs: 3, ...times }
    }),
  }
}

function starters(tool: string, row: Partial<StartersRow>): StartersRow {
  const effects = { once: 100, missing: 0, doubled: 0 }
  const sound = {
    starters: 50,
    migrations: 100,
    wallMs: 1000,
    exits: { '0': 50 },
    effects,
    again: '0',
    errors: [],
  }
  return { tool, delayed: false, ...sound, ...row }
}

const results: Results = {
  run: { date: '2026-01-01', quick: false, minutes: 30, slipway: '1.0.0 (abc)', command: 'npm run bench' },
  machine: { CPU: '2 × a processor' },
  server: { version: '18.0', settings: { fsync: 'on' } },
  network: { addedMsEachWay: 2, roundTripMs: { direct: 0.1, delayed: 4.5 } },
  tools: [
    { name: 'dbmate', version: '2.0.0', how: '`dbmate up`' },
    { name: 'Flyway', version: '', how: '`flyway migrate`', missing: 'not installed' },
  ],
  timed: [
    timed('noop', 100, false, { 'node -e 0': 20, slipway: 39, dbmate: 30 }),
    timed('noop', 1000, false, { 'node -e 0': 20, slipway: 41, dbmate: 50 }),
    timed('noop', 100, true, { 'node -e 0': 20, slipway: 60, dbmate: 90, Knex: 'exit 1: a | b' }),
    timed('apply', 1000, false, { psql: 1000, slipway: 1090, dbmate: 1200 }),
    timed('apply', 1000, true, { psql: 9000, slipway: 5000, Kysely: 4900 }),
  ],
  starters: [
    starters('slipway', {}),
    starters('dbmate', { exits: { '0': 1, '2': 49 }, errors: ['49 × duplicate key'] }),
    starters('goose', { effects: { once: 98, missing: 1, doubled: 1 }, again: '1' }),
    starters('Flyway', { exits: { '0': 40, killed: 10 } }),
  ],
}

const page = renderBenchmarksPage(results)

function line(start: string): string {
  const found = page.split('\n').find((one) => one.startsWith(start))
  assert.ok(found !== undefined, `${start} in\n${page}`)
  return found
}

test('a target is met or not, or was not measured', () => {
  assert.match(line('| nothing to do at 100: at most'), /1\.95 × \| yes \|$/)
  assert.match(line('| nothing to do at 1,000: at most'), /2\.05 × \| \*\*no\*\* \|$/)
  assert.match(line('| nothing to do at 10,000, with a manifest'), /not part of this run \| – \|$/)
  assert.match(line('| nothing to do at 100, 2 ms added'), /slipway 60\.0 ms \| yes \|$/)
  assert.match(line('| apply 1,000: at most 1.1'), /1\.09 × \| yes \|$/)
  assert.match(line('| apply 1,000, 2 ms added'), /faster: Kysely 4\.90 s \| \*\*no\*\* \|$/)
  assert.match(line('| 50 at once: all exit 0'), /50 of 50 exit 0 \| yes \|$/)
})

test('where others are faster is said', () => {
  assert.equal(line('- nothing to do at 100: '), '- nothing to do at 100: slipway 39.0 ms; dbmate 30.0 ms')
  assert.equal(
    line('- applying 1,000, 2 ms added'),
    '- applying 1,000, 2 ms added: slipway 5.00 s; Kysely 4.90 s',
  )
})

test('what failed is no time, and what is absent is named', () => {
  assert.match(line('| Knex |'), /failed: `exit 1: a \\\| b`/)
  assert.match(page, /\| Flyway \| \*\*left out\*\*: not installed \|/)
})

test('what went wrong at once is told for each tool, and of nobody else', () => {
  assert.equal(line('- **dbmate**'), '- **dbmate**: 49 of 50 exit with an error. `49 × duplicate key`')
  assert.match(
    line('- **goose**'),
    /1 of 100 migrations ran more than once; 1 of 100 .* not applied; .*: exit 1\.$/,
  )
  assert.match(line('- **Flyway**'), /10 had not ended at the deadline and were killed\.$/)
  assert.doesNotMatch(page, /- \*\*slipway\*\*/)
})

test('the plots show every tool, and no time for what went wrong', () => {
  assert.match(drawNoops(results), /<svg [\s\S]*>slipway<[\s\S]*>Knex</)
  const apply = drawApply(results)
  assert.equal(apply.split('went wrong, see below').length - 1, 1, 'dbmate; the others are not in both cases')
  for (const svg of [drawNoops(results), apply]) assert.doesNotMatch(svg, /NaN|undefined/)
})
