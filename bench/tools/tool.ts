/** What is measured: a program that applies a folder of migrations to a database, and how its users start it. */
import type { Command } from '../run-command.ts'

/** The same SQL for every tool; each writes it down in its own format. */
export interface Migration {
  /** 14 digits, a valid timestamp, in the order of the list. */
  readonly version: string
  readonly slug: string
  /** Without semicolons. */
  readonly statements: readonly string[]
}

export interface Address {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Plain letters and digits: this is no test of anybody's URL parser. */
  readonly password: string
  readonly database: string
}

export interface Place {
  /** Where `write` wrote. */
  readonly folder: string
  readonly address: Address
}

export interface Tool {
  readonly name: string
  /** Its version, or why it cannot be run here. */
  find(): Found
  /** Migrations of an earlier call stay valid: more are added to the same folder. */
  write(folder: string, migrations: readonly Migration[]): void
  up(place: Place): Command
  /** The command as a reader would type it, and what was chosen where there was a choice. */
  readonly how: string
  /** Keeps no history: it has no "nothing to do", and starting it twice is the caller's fault. */
  readonly isFloor?: boolean
  /** Measured only where many start at once: another setting of a tool that is there already. */
  readonly startersOnly?: boolean
  /** Not at this size, and why. */
  skips?(size: number): string | undefined
}

export type Found = { readonly version: string } | { readonly missing: string }

export function urlOf({ host, port, user, password, database }: Address): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}?sslmode=disable`
}

/** What libpq and everything like it reads. */
export function libpqEnv({ host, port, user, password, database }: Address): Record<string, string> {
  return {
    PGHOST: host,
    PGPORT: `${port}`,
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: 'disable',
  }
}

export function plainSql({ statements }: Migration): string {
  return statements.map((statement) => `${statement};\n`).join('')
}
