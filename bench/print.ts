/** The results for a terminal. */
import type { Results, TimedCase } from './results.ts'
import { round } from './statistics.ts'

export function printResults({ run, machine, server, network, timed, starters }: Results): void {
  console.log(`slipway ${run.slipway}, ${run.date}, ${run.minutes} min`)
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`)
  const settings = Object.entries(server.settings).map(([name, value]) => `${name}=${value}`)
  console.log(`PostgreSQL ${server.version}: ${settings.join(' ')}`)
  console.log(`round trip: ${network.roundTripMs.direct} ms, delayed ${network.roundTripMs.delayed} ms`)
  for (const one of timed) printCase(one)
  for (const delayed of [false, true]) {
    const rows = starters.filter((row) => row.delayed === delayed)
    if (rows.length === 0) continue
    console.log(`\n${rows[0]?.starters} at once, ${rows[0]?.migrations} pending${delayed ? ', delayed' : ''}`)
    console.table(
      rows.map(({ tool, wallMs, exits, effects, again, errors }) => ({
        tool,
        'last ended s': round(wallMs / 1000, 2),
        exits: Object.entries(exits)
          .map(([code, count]) => `${count} × ${code}`)
          .join(', '),
        once: effects.once,
        missing: effects.missing,
        doubled: effects.doubled,
        again,
        error: errors[0] ?? '',
      })),
    )
  }
}

function printCase({ kind, migrations, delayed, rounds, rows }: TimedCase): void {
  const floor = rows[0]?.medianMs ?? Number.NaN
  console.log(`\n${kind} ${migrations}${delayed ? ', delayed' : ''}, ${rounds} rounds`)
  console.table(
    rows.map(({ tool, runs, medianMs, minMs, maxMs, medianCpuMs, failed }) => ({
      tool,
      runs,
      'median ms': medianMs,
      [`× ${rows[0]?.tool}`]: round(medianMs / floor, 2),
      'min ms': minMs,
      'max ms': maxMs,
      'cpu ms': medianCpuMs,
      ...(failed === undefined ? {} : { failed }),
    })),
  )
}
