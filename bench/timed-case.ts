/** Rounds: in each one every tool runs once, in an order drawn anew. */
import type { TimedCase, TimedKind, TimedRow } from './results.ts'
import type { Ended } from './run-command.ts'
import { median, round, shuffle } from './statistics.ts'
import type { Tool } from './tools/tool.ts'

export interface Rounds {
  readonly kind: TimedKind
  readonly migrations: number
  readonly delayed: boolean
  readonly rounds: number
  readonly tools: readonly Tool[]
  /** Runs it once; a fault ends the tool's part in this case. */
  run(tool: Tool, round: number): Promise<{ ended: Ended; fault: string | undefined }>
}

export async function timeRounds({
  kind,
  migrations,
  delayed,
  rounds,
  tools,
  run,
}: Rounds): Promise<TimedCase> {
  const taken = new Map<Tool, Ended[]>(tools.map((tool) => [tool, []]))
  const faults = new Map<Tool, string>()
  for (let index = 0; index < rounds; index++) {
    for (const tool of shuffle(tools)) {
      if (faults.has(tool)) continue
      const { ended, fault } = await run(tool, index)
      if (fault === undefined) taken.get(tool)?.push(ended)
      else faults.set(tool, fault)
    }
  }
  const rows = tools.map((tool) => summarise(tool, taken.get(tool) ?? [], faults.get(tool)))
  return { kind, migrations, delayed, rounds, rows }
}

function summarise({ name }: Tool, ended: readonly Ended[], failed: string | undefined): TimedRow {
  const walls = ended.map(({ wallMs }) => wallMs)
  const none = ended.length === 0
  return {
    tool: name,
    runs: ended.length,
    medianMs: none ? 0 : round(median(walls)),
    minMs: none ? 0 : round(Math.min(...walls)),
    maxMs: none ? 0 : round(Math.max(...walls)),
    medianCpuMs: none ? 0 : round(median(ended.map(({ cpuMs }) => cpuMs))),
    ...(failed === undefined ? {} : { failed }),
  }
}
