/** `slipway healthcheck`: probes `serve` without curl. */
import type { HealthcheckCommand } from '../config/serve-verb.ts'
import { probe } from '../server/probe.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function healthcheck(context: CommandContext, options: HealthcheckCommand): Promise<number> {
  const path = options.for === 'live' ? '/healthz' : '/readyz'
  context.print(await probe({ ...context.config.listen, path, timeoutMs: options.timeoutMs }))
  return 0
}
