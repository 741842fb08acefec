/** `slipway roundtrip` */
import { type RoundTrip, tryRoundTrips } from '../engine/roundtrip.ts'
import { SlipwayError } from '../errors.ts'
import { roundTripJson, roundTripText } from '../reporters/roundtrip.ts'
import { openTrial } from '../terminal/open-trial.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function roundtrip(
  context: CommandContext,
  { all, json }: { readonly all: boolean; readonly json: boolean },
): Promise<number> {
  const run = await openTrial(context, { needsTarget: !all })
  const trips = await tryRoundTrips(run, { all })
  if (json) context.printJson(roundTripJson(trips))
  else context.print(roundTripText(trips, { colors: context.colors }))
  const faults = [...describeDiffering(trips), ...describeFailing(trips)]
  if (faults.length === 0) return 0
  throw new SlipwayError('roundtrip-differs', faults.join('; '))
}

function describeDiffering(trips: readonly RoundTrip[]): string[] {
  const names = trips.flatMap(({ name, outcome }) => (outcome === 'down' || outcome === 'up' ? [name] : []))
  const verb = names.length === 1 ? 'does' : 'do'
  return names.length === 0 ? [] : [`${names.join(', ')} ${verb} not come back to the schema from before`]
}

function describeFailing(trips: readonly RoundTrip[]): string[] {
  const untried = trips.filter(({ outcome }) => outcome === 'untried').length
  const rest = untried === 0 ? '' : ` (and ${untried} after it ${untried === 1 ? 'was' : 'were'} not tried)`
  return trips.flatMap(({ name, error }) =>
    error === undefined ? [] : [`the second up of ${name} fails${rest}: ${error.message}`],
  )
}
