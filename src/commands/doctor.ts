/** `slipway doctor` */
import { examine } from '../engine/doctor.ts'
import { errorTable } from '../errors.ts'
import { doctorJson } from '../reporters/doctor-json.ts'
import { doctorText } from '../reporters/doctor-text.ts'
import type { CommandContext } from '../terminal/context.ts'

export async function doctor(
  context: CommandContext,
  { json, timeoutMs }: { readonly json: boolean; readonly timeoutMs: number },
): Promise<number> {
  const { config, cwd } = context
  const run = config.databaseUrl === undefined ? undefined : await context.openRun()
  const { checks, facts } = await examine(config, cwd, run, { timeoutMs })
  const first = checks.find(({ level }) => level === 'fail')
  const exitCode = first === undefined ? 0 : errorTable[first.code ?? 'bug'].exit
  if (!json) context.print(doctorText(checks, { colors: context.colors }))
  else
    context.printJson(
      doctorJson({
        exitCode,
        checks,
        database: run?.url.shown,
        dialect: run?.dialect.name,
        serverVersion: facts?.serverVersion,
        historyTable: facts?.historyTable,
      }),
    )
  return exitCode
}
