/** `slipway manifest` */

import { relative } from 'node:path'
import { checkManifest, makeManifest, writeManifest } from '../files/write-manifest.ts'
import { countOf } from '../reporters/count-of.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function manifest(
  { config, cwd, emit, print }: CommandContext,
  options: { readonly check: boolean },
): Promise<number> {
  const made = await makeManifest(config.dir, { allowEmpty: config.allowEmpty, cwd })
  for (const warning of made.warnings) emit({ type: 'warning', ...warning })
  if (options.check) checkManifest(made)
  else writeManifest(made)
  print(
    `${relative(cwd, made.path)}: ${countOf(made.count, 'migration')}${options.check ? ', up to date' : ''}`,
  )
  return 0
}
