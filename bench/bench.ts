/** What the cases share: the server, the tools that are here, and where their files are. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { countEffects, type EffectRow, effectsQuery, findComplaint, isRight } from './effects.ts'
import type { Ended } from './run-command.ts'
import { folderOfRun } from './scratch.ts'
import type { BenchServer } from './server.ts'
import type { Migration, Tool } from './tools/tool.ts'

export interface Bench {
  readonly server: BenchServer
  /** Of these, the ones that are installed and asked for. */
  present(tools: readonly Tool[]): readonly Tool[]
  tell(line: string): void
}

/** Where a tool's files of one case lie. */
export function folderFor(tool: Tool, kind: string, migrations: readonly Migration[]): string {
  const folder = join(folderOfRun(), 'tools', `${slug(tool)}-${kind}`)
  mkdirSync(folder, { recursive: true })
  tool.write(folder, migrations)
  return folder
}

export function slug({ name }: Tool): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
}

/** Undefined: it ended well, and every migration has had its effect, once. */
export async function findFault(
  { server }: Bench,
  database: string,
  migrations: readonly Migration[],
  ended: Ended,
): Promise<string | undefined> {
  if (ended.timedOut) return 'not done within the deadline'
  if (ended.code !== 0) return `exit ${ended.code ?? 'by a signal'}: ${findComplaint(ended.output)}`
  const effects = countEffects(migrations, await server.query<EffectRow>(database, effectsQuery))
  return isRight(effects)
    ? undefined
    : `${effects.missing} migrations without effect, ${effects.doubled} twice`
}
