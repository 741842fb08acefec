/** One value for everything that is applied, so that a folder and a database can be compared without sending rows. */
import { hash } from 'node:crypto'

export interface HistoryDigest {
  /** How many migrations. */
  readonly count: number
  /** 64 hex digits. */
  readonly digest: string
}

export interface DigestedMigration {
  readonly name: string
  readonly checksum: string
}

/**
 * SHA-256 over a line `name checksum` for each migration, in the order of the names' code points. A dialect makes the
 * same of its history, with the state behind it where that is neither `applied` nor `skipped`: equal digests mean
 * that all files are applied as they are, and nothing else is.
 */
export function digestMigrations(migrations: readonly DigestedMigration[]): HistoryDigest {
  const lines = migrations.map(({ name, checksum }) => `${name} ${checksum}\n`)
  return { count: lines.length, digest: hash('sha256', inCodePointOrder(lines).join('')) }
}

const surrogate = /[\ud800-\udfff]/

/** What `collate "C"` does in a UTF-8 database. JavaScript compares UTF-16 units: beyond U+FFFF that is another order. */
export function inCodePointOrder(texts: readonly string[]): string[] {
  const isPlain = !texts.some((text) => surrogate.test(text))
  return isPlain ? [...texts].sort() : [...texts].sort(compareCodePoints)
}

function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
