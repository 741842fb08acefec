/** `slipway dump` */
import { join, relative, resolve } from 'node:path'
import type { DumpCommand } from '../config/dump-verb.ts'
import { readBaseline } from '../engine/dump.ts'
import { SlipwayError } from '../errors.ts'
import { requireFree, writeWholeFile } from '../files/write-file.ts'
import { countOf } from '../reporters/count-of.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function dump(context: CommandContext, { output, force, owners }: DumpCommand): Promise<number> {
  const { config, cwd } = context
  const place = (version: string) => {
    const path = output === undefined ? join(config.dir, `baseline.${version}.sql`) : resolve(cwd, output)
    return { path, shown: relative(cwd, path) || path, force }
  }
  const run = await context.openRun()
  const baseline = await readBaseline(run, {
    owners,
    onVersion: (version) => {
      if (output !== '-') requireFree(place(version).path, place(version))
    },
  })
  // Stars in place of it would be loaded.
  if (config.redact(baseline.text) !== baseline.text)
    throw new SlipwayError(
      'secret-in-sql',
      'the schema holds a password of the configuration; it is not written',
      { hint: 'keep the password out of the schema' },
    )
  if (output === '-') {
    context.print(baseline.text.trimEnd())
    return 0
  }
  const { path, shown } = place(baseline.version)
  writeWholeFile(path, baseline.text, { shown, force })
  context.print(`${shown}: the schema after ${countOf(baseline.names.length, 'migration')}`)
  return 0
}
