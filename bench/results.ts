/** What a run found, as it is kept in bench/results.json; docs/benchmarks.md is made from that alone. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const resultsPath: string = join(import.meta.dirname, 'results.json')

export interface Results {
  readonly run: {
    readonly date: string
    readonly quick: boolean
    readonly minutes: number
    readonly slipway: string
    readonly command: string
  }
  readonly machine: Readonly<Record<string, string>>
  readonly server: { readonly version: string; readonly settings: Readonly<Record<string, string>> }
  readonly network: {
    readonly addedMsEachWay: number
    readonly roundTripMs: { readonly direct: number; readonly delayed: number }
  }
  readonly tools: readonly ToolFacts[]
  readonly timed: readonly TimedCase[]
  readonly starters: readonly StartersRow[]
}

export interface ToolFacts {
  readonly name: string
  readonly version: string
  readonly how: string
  /** Why it took no part. */
  readonly missing?: string
}

export type TimedKind = 'noop' | 'apply'

/** One column of a table: the same work by every tool, in rounds. */
export interface TimedCase {
  readonly kind: TimedKind
  readonly migrations: number
  readonly delayed: boolean
  readonly rounds: number
  readonly rows: readonly TimedRow[]
}

export interface TimedRow {
  readonly tool: string
  readonly runs: number
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly medianCpuMs: number
  /** It did not do what it was asked: then the times say nothing. */
  readonly failed?: string
}

export interface StartersRow {
  readonly tool: string
  readonly delayed: boolean
  readonly starters: number
  readonly migrations: number
  readonly wallMs: number
  /** Exit code → how many; `killed` for those that the deadline ended. */
  readonly exits: Readonly<Record<string, number>>
  readonly effects: { readonly once: number; readonly missing: number; readonly doubled: number }
  /** The exit code of one more run after the last had ended. */
  readonly again: string
  /** How the failed ones explained themselves, the most frequent first. */
  readonly errors: readonly string[]
}

export function readResults(path: string = resultsPath): Results | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function writeResults(results: Results, path: string = resultsPath): void {
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`)
}
