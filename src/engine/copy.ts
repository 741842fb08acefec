/** The target with its data, where nothing can happen to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ScratchDatabase } from '../dialects/scratch.ts'
import { messageOf, SlipwayError } from '../errors.ts'
import type { Run } from './run.ts'
import { runProgram } from './run-program.ts'

/** Into `empty`; a file of its own where there is none. What is on disk meanwhile only we can read. Throws program-missing, copy-failed. */
export async function makeCopy(target: Run, empty: ScratchDatabase | undefined): Promise<ScratchDatabase> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-copy-'))
  const clear = () => rmSync(dir, { recursive: true, force: true })
  const path = join(dir, 'copy.sqlite')
  const made = empty ?? {
    url: { dialect: 'sqlite', path, shown: `sqlite://${path}` },
    drop: async () => clear(),
  }
  try {
    const { backups, copyInto } = await target.dialect.loadReverting()
    const { url, config, signal } = target
    const context = { url, role: config.role, run: runProgram, signal }
    const missing = await backups.missingProgram(context)
    if (missing !== undefined)
      throw new SlipwayError(
        'program-missing',
        `a copy of ${url.shown} needs ${missing}, and it is not on the PATH`,
      )
    await copyInto(context, made.url, dir)
    if (empty !== undefined) clear()
    return made
  } catch (error) {
    await made.drop().catch(() => {})
    clear()
    target.signal.throwIfAborted()
    if (error instanceof SlipwayError) throw error
    const why = target.config.redact(messageOf(error))
    throw new SlipwayError('copy-failed', `${target.url.shown} could not be copied: ${why}`, { cause: error })
  }
}
