/** Whether the work was done: each migration wrote its version into one table. */
import type { Migration } from './tools/tool.ts'

export interface Effects {
  readonly once: number
  readonly missing: number
  readonly doubled: number
}

export const effectsQuery = 'select name, count(*)::integer as times from effects group by name'

export interface EffectRow {
  readonly name: string
  readonly times: number
}

export function countEffects(migrations: readonly Migration[], rows: readonly EffectRow[]): Effects {
  const times = new Map(rows.map((row) => [row.name, row.times]))
  const counts = migrations.map(({ version }) => times.get(version) ?? 0)
  return {
    once: counts.filter((count) => count === 1).length,
    missing: counts.filter((count) => count === 0).length,
    doubled: counts.filter((count) => count > 1).length,
  }
}

export function isRight(effects: Effects): boolean {
  return effects.missing === 0 && effects.doubled === 0
}

/** The line of a program's output that says most about its failure. */
export function findComplaint(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(escapes, '').trim())
  const telling = lines.filter((line) =>
    /error|fail|lock|exception|violates|dirty|denied|timeout/i.test(line),
  )
  const line = telling[0] ?? lines.findLast((candidate) => candidate !== '') ?? 'no output'
  return line.length > 160 ? `${line.slice(0, 157)}…` : line
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with one
const escapes = /\u001b\[[0-9;]*m/g
