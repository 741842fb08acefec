/** Whether a run's metrics are wanted: what writes them is loaded only then. */
import type { Command } from '../config/arguments.ts'
import type { Config } from '../config/config.ts'
import type { Listener } from '../events.ts'
import { version } from '../version.ts'
import type { OneShot } from './one-shot.ts'

/** Throws metrics-unwritable. */
export async function openMetrics(
  config: Config,
  command: Command,
  { listen }: { readonly listen: Listener },
): Promise<OneShot | undefined> {
  if (config.metricsFile === undefined && config.pushgateway === undefined) return undefined
  const { openOneShot } = await import('./one-shot.ts')
  const isWhole = command.verb !== 'up' || (command.to === undefined && command.steps === undefined)
  const warn = (what: string, message: string) => listen({ type: 'cleanup-failed', what, message })
  return openOneShot({ config, version, isWhole, warn, part: await partOf(config) })
}

/** Several runners share the work. What is wrong with the setting is told by the run. */
async function partOf({ tenants }: Config): Promise<number | undefined> {
  if (tenants?.shard === undefined) return undefined
  const { readShard } = await import('../config/tenants.ts')
  try {
    return readShard(tenants, process.env)?.part
  } catch {
    return undefined
  }
}
