/** `slipway roundtrip` */
import { tryRoundTrips } from '../engine/roundtrip.ts'
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
  const wrong = trips.filter(({ outcome }) => outcome === 'down' || outcome === 'up').map(({ name }) => name)
  if (wrong.length === 0) return 0
  const verb = wrong.length === 1 ? 'does' : 'do'
  throw new SlipwayError(
    'roundtrip-differs',
    `${wrong.join(', ')} ${verb} not come back to the schema from before`,
  )
}
