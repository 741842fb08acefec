/** Many replicas start at the same moment, and all find the same migrations pending. */
import { type Bench, folderFor, slug } from './bench.ts'
import { countEffects, type EffectRow, effectsQuery, findComplaint } from './effects.ts'
import { mixedMigrations } from './migrations.ts'
import type { StartersRow } from './results.ts'
import { type EndedTogether, runCommand, runTogether } from './run-command.ts'
import { round, shuffle } from './statistics.ts'
import { toolsFor } from './tools/index.ts'
import type { Tool } from './tools/tool.ts'

export interface StartersOptions {
  readonly starters: number
  readonly migrations: number
}

const deadlineMs = 300_000

export async function measureStarters(bench: Bench, options: StartersOptions): Promise<StartersRow[]> {
  const tools = bench.present(toolsFor.starters)
  const rows: StartersRow[] = []
  for (const delayed of [false, true]) {
    const found = new Map<Tool, StartersRow>()
    for (const tool of shuffle(tools)) found.set(tool, await startMany(bench, options, tool, delayed))
    rows.push(...tools.flatMap((tool) => found.get(tool) ?? []))
  }
  return rows
}

async function startMany(
  bench: Bench,
  options: StartersOptions,
  tool: Tool,
  delayed: boolean,
): Promise<StartersRow> {
  const { server } = bench
  const migrations = mixedMigrations(options.migrations)
  const folder = folderFor(tool, 'starters', migrations)
  const database = `starters_${slug(tool)}`
  await server.createDatabase(database)
  await server.settle()
  const command = tool.up({ folder, address: server.address(database, { delayed }) })
  const { wallMs, ended } = await runTogether(command, { count: options.starters, deadlineMs })
  const effects = countEffects(migrations, await server.query<EffectRow>(database, effectsQuery))
  const again = await runCommand(command, { deadlineMs: 60_000 })
  await server.dropDatabase(database)
  const row: StartersRow = {
    tool: tool.name,
    delayed,
    starters: options.starters,
    migrations: options.migrations,
    wallMs: round(wallMs),
    exits: countExits(ended),
    effects,
    again: again.timedOut ? 'killed' : `${again.code ?? 'signal'}`,
    errors: listComplaints(ended),
  }
  bench.tell(`${tool.name}: ${JSON.stringify(row.exits)} in ${Math.round(wallMs)} ms`)
  return row
}

function countExits(ended: readonly EndedTogether[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code, timedOut } of ended) {
    const exit = timedOut ? 'killed' : `${code ?? 'signal'}`
    counts[exit] = (counts[exit] ?? 0) + 1
  }
  return counts
}

function listComplaints(ended: readonly EndedTogether[]): string[] {
  const counts = new Map<string, number>()
  for (const { code, output } of ended) {
    if (code === 0) continue
    // Ids and times differ from one process to the next.
    const complaint = findComplaint(output).replaceAll(/\d{4,}/g, '…')
    counts.set(complaint, (counts.get(complaint) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([complaint, count]) => `${count} × ${complaint}`)
}
