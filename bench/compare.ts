/**
 * slipway beside its peers, on one server, in one run: `npm run bench`. Options: --quick (small numbers, and only the
 * peers that npm installs), --only NAME[,NAME] (tools), --cases noop,apply,starters, --sizes N[,N] (what is applied
 * where there is nothing to do), --repeat N (rounds), --write (keeps the results in bench/results.json and makes
 * docs/benchmarks.md of them). docs/benchmarks.md says what is measured.
 */
import { parseArgs } from 'node:util'
import { writePages } from '../scripts/docs-pages.ts'
import { measureApply } from './apply.ts'
import type { Bench } from './bench.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { measureNoops } from './noop.ts'
import { printResults } from './print.ts'
import { type Results, resultsPath, type ToolFacts, writeResults } from './results.ts'
import { addedMs, type BenchServer, startBenchServer } from './server.ts'
import { measureStarters } from './starters.ts'
import { round } from './statistics.ts'
import { toolsFor } from './tools/index.ts'
import { packageVersion } from './tools/slipway.ts'
import type { Tool } from './tools/tool.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    cases: { type: 'string', default: 'noop,apply,starters' },
    sizes: { type: 'string' },
    repeat: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const quickly = 'slipway,slipway + manifest,dbmate,node-pg-migrate,knex,kysely'
const only = options.only ?? (options.quick ? quickly : undefined)
const wanted = only?.split(',').map((name) => name.trim().toLowerCase())
const sizes = options.sizes?.split(',').map(Number)
const repeat = options.repeat === undefined ? undefined : Number(options.repeat)

/** Rounds are spent where a run is short; a slow tool costs the same everywhere. */
const plan = options.quick
  ? { sizes: [100], noop: () => 3, count: 50, apply: () => 2, starters: 8, migrations: 20 }
  : {
      sizes: [100, 1000, 10_000],
      noop: (size: number) => (size > 1000 ? 7 : 15),
      count: 1000,
      apply: (delayed: boolean) => (delayed ? 3 : 5),
      starters: 50,
      migrations: 100,
    }

process.env.TEST_PG_PASSWORD = 'benchmark'
const began = performance.now()
const machine = describeMachine()
const facts = listFacts()
await using server = await startBenchServer(18)
const results = await measureAll(server)
printResults(results)
if (options.write) {
  writeResults(results)
  writePages(new URL('..', import.meta.url).pathname)
  console.log(`written: ${resultsPath}, docs/benchmarks.md`)
}

async function measureAll(server: BenchServer): Promise<Results> {
  const cases = new Set(options.cases.split(','))
  const bench: Bench = {
    server,
    present: (tools) => tools.filter((tool) => isWanted(tool) && 'version' in tool.find()),
    tell: (line) => console.error(`${clock()} ${line}`),
  }
  const network = {
    addedMsEachWay: addedMs,
    roundTripMs: {
      direct: round(await server.roundTripMs({ delayed: false }), 2),
      delayed: round(await server.roundTripMs({ delayed: true }), 2),
    },
  }
  const rounds = (planned: number) => repeat ?? planned
  const timed = [
    ...(cases.has('noop')
      ? await measureNoops(bench, { sizes: sizes ?? plan.sizes, rounds: (size) => rounds(plan.noop(size)) })
      : []),
    ...(cases.has('apply')
      ? await measureApply(bench, { count: plan.count, rounds: (delayed) => rounds(plan.apply(delayed)) })
      : []),
  ]
  const starters = cases.has('starters')
    ? await measureStarters(bench, { starters: plan.starters, migrations: plan.migrations })
    : []
  return {
    run: {
      date: new Date().toISOString().slice(0, 10),
      quick: options.quick,
      minutes: round((performance.now() - began) / 60_000),
      slipway: `${packageVersion()} (${describeCommit()})`,
      command: ['npm run bench', ...process.argv.slice(2)].join(' '),
    },
    machine,
    server: { version: server.version, settings: server.settings },
    network,
    tools: facts,
    timed,
    starters,
  }
}

function isWanted({ name, isFloor }: Tool): boolean {
  return wanted === undefined || isFloor === true || wanted.includes(name.toLowerCase())
}

/** Every tool once, by name; psql stands for two. */
function listFacts(): ToolFacts[] {
  const tools = new Map(
    Object.values(toolsFor).flatMap((list) => list.map((tool) => [tool.how, tool] as const)),
  )
  return [...tools.values()].filter(isWanted).map((tool) => {
    const { name, how } = tool
    const found = tool.find()
    if ('version' in found) return { name, how, version: found.version }
    console.error(`${name} takes no part: ${found.missing}`)
    return { name, how, version: '', missing: found.missing }
  })
}

function clock(): string {
  return `${Math.round((performance.now() - began) / 1000)} s`.padStart(6)
}
