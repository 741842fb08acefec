/** Where runners are killed: a folder with migrations of every kind, and what they leave in a fresh database. */
import type { Checkpoint } from '../../src/events.ts'
import type { Workspace } from './workspace.ts'

export interface Arena {
  readonly label: string
  /** File name → text. */
  readonly migrations: Readonly<Record<string, string>>
  /** Checkpoints that these migrations do not pass. */
  readonly without?: readonly Checkpoint[]
  open(workspace: Workspace): Promise<Ground>
}

/** One fresh database. */
export interface Ground extends AsyncDisposable {
  readonly url: string
  look(): Promise<Sight>
  /** Advisory locks and the like that outlived their runner. */
  locks(): Promise<number>
}

/** Equal for equal outcomes, but for `again`. */
export interface Sight {
  readonly catalogue: string
  /** In order of application. */
  readonly history: readonly Record<string, unknown>[]
  /** Names of migrations that the log says were brought to an end, sorted. */
  readonly finished: readonly string[]
  /** One name for each time that something happened that must happen once; sorted. */
  readonly effects: readonly string[]
  /** How often the resumable script did its work: at least once. */
  readonly again: number
}

export const sightQueries = {
  history: 'select name, checksum, state, statements_done from schema_migrations order by id',
  finished: "select name from schema_migrations_log where event = 'up' order by name",
  effects: 'select name from effects order by name',
  again: 'select times from again',
} as const

export async function lookWith(
  query: (text: string) => Promise<readonly Record<string, unknown>[]>,
  catalogue: string,
): Promise<Sight> {
  const names = (rows: readonly Record<string, unknown>[]) => rows.map(({ name }) => String(name))
  const [again] = await query(sightQueries.again)
  return {
    catalogue,
    history: await query(sightQueries.history),
    finished: names(await query(sightQueries.finished)),
    effects: names(await query(sightQueries.effects)),
    again: Number(again?.times),
  }
}
