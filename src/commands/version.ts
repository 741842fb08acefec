/** `slipway version` */
import { sqliteVersion } from '../dialects/index.ts'
import { version as slipwayVersion } from '../version.ts'
import type { CommandContext } from './context.ts'

export async function version(
  context: Pick<CommandContext, 'print'>,
  options: { readonly json: boolean },
): Promise<number> {
  const versions = { slipway: slipwayVersion, node: process.versions.node, sqlite: await sqliteVersion() }
  const lines = Object.entries(versions).map(([name, value]) => `${name} ${value}`)
  context.print(options.json ? JSON.stringify(versions, null, 2) : lines.join('\n'))
  return 0
}
