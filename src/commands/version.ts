/** `slipway version` */
import { sqliteVersion } from '../dialects/index.ts'
import type { CommandContext } from '../terminal/context.ts'
import { version as slipwayVersion } from '../version.ts'

export async function version(
  context: Pick<CommandContext, 'print' | 'printJson'>,
  options: { readonly json: boolean },
): Promise<number> {
  const versions = { slipway: slipwayVersion, node: process.versions.node, sqlite: await sqliteVersion() }
  const lines = Object.entries(versions).map(([name, value]) => `${name} ${value}`)
  if (options.json) context.printJson(versions)
  else context.print(lines.join('\n'))
  return 0
}
