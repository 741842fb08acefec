/** A start with nothing pending, which is what nearly every start is. */
import { type Bench, findFault, folderFor, slug } from './bench.ts'
import { lightMigrations } from './migrations.ts'
import type { TimedCase } from './results.ts'
import { type Ended, runCommand } from './run-command.ts'
import { timeRounds } from './timed-case.ts'
import { toolsFor } from './tools/index.ts'
import type { Tool } from './tools/tool.ts'

export interface NoopOptions {
  /** Ascending. */
  readonly sizes: readonly number[]
  rounds(size: number): number
}

const deadlineMs = 600_000

/** Each size grows out of the one before, in databases that each tool has filled itself. */
export async function measureNoops(bench: Bench, options: NoopOptions): Promise<TimedCase[]> {
  const cases: TimedCase[] = []
  let before: number | undefined
  for (const size of options.sizes) {
    const prepared: Prepared[] = []
    for (const tool of bench.present(toolsFor.noop)) prepared.push(await prepare(bench, tool, size, before))
    await bench.server.settle()
    for (const delayed of [false, true]) cases.push(await measure(bench, options, size, delayed, prepared))
    before = size
  }
  return cases
}

interface Prepared {
  readonly tool: Tool
  readonly folder: string
  readonly database: string
  readonly fault: string | undefined
}

async function prepare(
  bench: Bench,
  tool: Tool,
  size: number,
  before: number | undefined,
): Promise<Prepared> {
  const { server } = bench
  const database = databaseOf(tool, size)
  await server.createDatabase(database, before === undefined ? undefined : databaseOf(tool, before))
  const migrations = lightMigrations(size)
  const folder = folderFor(tool, 'noop', migrations)
  if (tool.isFloor) return { tool, folder, database, fault: undefined }
  const address = server.address(database, { delayed: false })
  const ended = await server.hurried(() => runCommand(tool.up({ folder, address }), { deadlineMs }))
  const fault = await findFault(bench, database, migrations, ended)
  bench.tell(
    `${tool.name}: ${size} applied in ${Math.round(ended.wallMs)} ms${fault === undefined ? '' : `: ${fault}`}`,
  )
  return { tool, folder, database, fault }
}

async function measure(
  bench: Bench,
  { rounds }: NoopOptions,
  size: number,
  delayed: boolean,
  prepared: readonly Prepared[],
): Promise<TimedCase> {
  const migrations = lightMigrations(size)
  const places = new Map(prepared.map((one) => [one.tool, one]))
  const runOnce = async ({ tool, folder, database }: Prepared, checks: boolean) => {
    const address = bench.server.address(database, { delayed })
    const ended = await runCommand(tool.up({ folder, address }), { deadlineMs })
    return { ended, fault: checks ? await findFault(bench, database, migrations, ended) : failureOf(ended) }
  }
  // Once unmeasured: files and catalogues are read for the first time by somebody.
  for (const one of prepared) if (one.fault === undefined) await runOnce(one, false)
  return timeRounds({
    kind: 'noop',
    migrations: size,
    delayed,
    rounds: rounds(size),
    tools: prepared.map(({ tool }) => tool),
    run: async (tool, round) => {
      const place = places.get(tool)
      if (place === undefined) throw new Error(`${tool.name} was not prepared`)
      if (place.fault !== undefined) return { ended: nothing, fault: place.fault }
      // What it did is looked at in the last round only: the question costs more than some answers.
      return runOnce(place, round === rounds(size) - 1 && !tool.isFloor)
    },
  })
}

function failureOf({ code, timedOut }: Ended): string | undefined {
  if (timedOut) return 'not done within the deadline'
  return code === 0 ? undefined : `exit ${code ?? 'by a signal'}`
}

const nothing: Ended = { code: undefined, timedOut: false, wallMs: 0, cpuMs: 0, output: '' }

function databaseOf(tool: Tool, size: number): string {
  return `noop_${slug(tool)}_${size}`
}
