/** What slipway is held to, and what this run says. */
import type { Results } from '../results.ts'
import { casesOf, fasterPeers, isSound, ratioTo, rowOf } from './find.ts'
import { count, duration, table, times } from './markdown.ts'

interface Verdict {
  readonly target: string
  readonly measured: string
  /** Undefined: not part of this run. */
  readonly isMet: boolean | undefined
}

export function renderTargets(results: Results): string {
  const rows = [...noopVerdicts(results), ...applyVerdicts(results), ...startersVerdicts(results)].map(
    ({ target, measured, isMet }) => [target, measured, isMet === undefined ? '–' : isMet ? 'yes' : '**no**'],
  )
  return table(['Target', 'This run', 'Met'], rows)
}

const notMeasured = { measured: 'not part of this run', isMet: undefined } as const

function noopVerdicts(results: Results): Verdict[] {
  const cases = casesOf(results, 'noop', false)
  const withinTwo = [100, 1000].map((size): Verdict => {
    const target = `nothing to do at ${count(size)}: at most 2.0 × bare \`node -e 0\``
    const one = cases.find(({ migrations }) => migrations === size)
    const ratio = ratioTo(one, 'slipway', 'node -e 0')
    if (ratio === undefined) return { target, ...notMeasured }
    return { target, measured: times(ratio), isMet: ratio <= 2 }
  })
  return [...withinTwo, manifestVerdict(results), ...delayedNoops(results)]
}

function manifestVerdict(results: Results): Verdict {
  const target = 'nothing to do at 10,000, with a manifest: ahead of dbmate'
  const one = casesOf(results, 'noop', false).find(({ migrations }) => migrations === 10_000)
  const own = rowOf(one, 'slipway + manifest')
  const dbmate = rowOf(one, 'dbmate')
  if (own === undefined || dbmate === undefined) return { target, ...notMeasured }
  return {
    target,
    measured: `${duration(own.medianMs)}, dbmate ${duration(dbmate.medianMs)}`,
    isMet: own.medianMs < dbmate.medianMs,
  }
}

function delayedNoops(results: Results): Verdict[] {
  return casesOf(results, 'noop', true).map((one) => ({
    target: `nothing to do at ${count(one.migrations)}, 2 ms added each way: ahead of every peer`,
    ...againstPeers(one),
  }))
}

function againstPeers(one: Parameters<typeof fasterPeers>[0]): Pick<Verdict, 'measured' | 'isMet'> {
  const tool = rowOf(one, 'slipway + manifest') === undefined ? 'slipway' : 'slipway + manifest'
  const own = rowOf(one, tool)
  if (own === undefined) return notMeasured
  const faster = fasterPeers(one, tool).map((row) => `${row.tool} ${duration(row.medianMs)}`)
  const measured = `${tool} ${duration(own.medianMs)}`
  return {
    measured: faster.length === 0 ? measured : `${measured}; faster: ${faster.join(', ')}`,
    isMet: faster.length === 0,
  }
}

function applyVerdicts(results: Results): Verdict[] {
  const [direct] = casesOf(results, 'apply', false)
  const [delayed] = casesOf(results, 'apply', true)
  const ratio = ratioTo(direct, 'slipway', 'psql')
  const applied = count(direct?.migrations ?? 1000)
  return [
    {
      target: `apply ${applied}: at most 1.1 × psql feeding the same files, one transaction each`,
      ...(ratio === undefined ? notMeasured : { measured: times(ratio), isMet: ratio <= 1.1 }),
    },
    {
      target: `apply ${applied}, 2 ms added each way: ahead of every peer`,
      ...(delayed === undefined ? notMeasured : againstPeers(delayed)),
    },
  ]
}

function startersVerdicts(results: Results): Verdict[] {
  return [false, true].map((delayed) => {
    const row = results.starters.find((one) => one.tool === 'slipway' && one.delayed === delayed)
    const target = `${row?.starters ?? 50} at once${delayed ? ', 2 ms added each way' : ''}: all exit 0, nothing twice`
    if (row === undefined) return { target, ...notMeasured }
    return { target, measured: `${row.exits['0'] ?? 0} of ${row.starters} exit 0`, isMet: isSound(row) }
  })
}
