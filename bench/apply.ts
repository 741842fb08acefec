/** Everything is pending, and one process applies it, to a new database each time. */
import { type Bench, findFault, folderFor, slug } from './bench.ts'
import { mixedMigrations } from './migrations.ts'
import type { TimedCase } from './results.ts'
import { runCommand } from './run-command.ts'
import { timeRounds } from './timed-case.ts'
import { toolsFor } from './tools/index.ts'

export interface ApplyOptions {
  readonly count: number
  rounds(delayed: boolean): number
}

const deadlineMs = 300_000

export async function measureApply(bench: Bench, options: ApplyOptions): Promise<TimedCase[]> {
  const { server } = bench
  const migrations = mixedMigrations(options.count)
  const tools = bench.present(toolsFor.apply)
  const folders = new Map(tools.map((tool) => [tool, folderFor(tool, 'apply', migrations)]))
  const cases: TimedCase[] = []
  for (const delayed of [false, true]) {
    const measured = await timeRounds({
      kind: 'apply',
      migrations: options.count,
      delayed,
      rounds: options.rounds(delayed),
      tools,
      run: async (tool) => {
        const database = `apply_${slug(tool)}`
        await server.createDatabase(database)
        await server.settle()
        const address = server.address(database, { delayed })
        const ended = await runCommand(tool.up({ folder: folders.get(tool) ?? '', address }), { deadlineMs })
        const fault = await findFault(bench, database, migrations, ended)
        await server.dropDatabase(database)
        return { ended, fault }
      },
    })
    cases.push(measured)
  }
  return cases
}
