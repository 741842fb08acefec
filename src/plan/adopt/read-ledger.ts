/** From the rows of another tool's table to what it says is applied. Pure. */
import { SlipwayError } from '../../errors.ts'
import { readInstant } from './instant.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import type { ForeignTool } from './names.ts'
import { labelOf } from './tools.ts'

type Row = Readonly<Record<string, string>>

export interface LedgerSource {
  readonly tool: ForeignTool
  /** For messages: `public.goose_db_version`. */
  readonly shown: string
  readonly rows: readonly Row[]
  /** Of the table beside it that says whether the tool is at work. */
  readonly lockRows: readonly Row[]
}

export function readLedger(source: LedgerSource): Ledger {
  const read = readers[source.tool](source)
  return {
    tool: source.tool,
    ...read,
    problems: [...(read.problems ?? []), ...findHeldLock(source)],
  }
}

type Read = Pick<Ledger, 'entries' | 'upTo' | 'heads'> & { readonly problems?: readonly SlipwayError[] }

const readers: Readonly<Record<ForeignTool, (source: LedgerSource) => Read>> = {
  dbmate: ({ rows }) => ({
    entries: rows
      .map(({ version = '' }) => ({ key: version, version }))
      .sort((a, b) => compareDigits(a.version, b.version)),
  }),
  'golang-migrate': readGolangMigrate,
  goose: readGoose,
  flyway: readFlyway,
  'node-pg-migrate': ({ rows }) => ({
    entries: byNumber(rows, 'id').map((row) => named(row.name, row.run_on)),
  }),
  knex: ({ rows }) => ({
    entries: byNumber(rows, 'id').map((row) => named(withoutExtension(row.name), row.migration_time)),
  }),
  kysely: ({ rows }) => ({
    // https://github.com/kysely-org/kysely: by instant, then by name.
    entries: [...rows]
      .sort((a, b) => compareTexts(a.timestamp, b.timestamp) || compareTexts(a.name, b.name))
      .map((row) => named(row.name, row.timestamp)),
  }),
  prisma: readPrisma,
  drizzle: ({ rows }) => ({
    entries: byNumber(rows, 'id').map((row) => ({
      key: row.name ?? row.hash?.slice(0, 12) ?? '?',
      name: row.name,
      fingerprint: row.hash,
      generatedAt: row.created_at,
    })),
  }),
  alembic: ({ rows }) => ({
    entries: [],
    heads: rows.flatMap(({ version_num }) => version_num ?? []).sort(),
  }),
}

function named(name: string | undefined, at: string | undefined): LedgerEntry {
  return { key: name ?? '?', name, appliedAt: readInstant(at) }
}

function readGolangMigrate({ rows, shown }: LedgerSource): Read {
  const [row] = rows
  if (row === undefined || row.version === undefined || row.version.startsWith('-')) return { entries: [] }
  const problem = new SlipwayError(
    'foreign-unfinished',
    `${shown} says that version ${row.version} is dirty: golang-migrate failed in it, and part of it may be done`,
    { hint: 'bring the database to a whole version, say so, then adopt: migrate force VERSION' },
  )
  return { entries: [], upTo: row.version, problems: isTrue(row.dirty) ? [problem] : [] }
}

/** Of each version the last row counts: what goose reverted has one that says so, or none. */
function readGoose({ rows }: LedgerSource): Read {
  const last = new Map<string, Row>()
  for (const row of byNumber(rows, 'id')) {
    const version = row.version_id ?? ''
    last.delete(version)
    if (isTrue(row.is_applied)) last.set(version, row)
  }
  // Version 0 stands for the table itself.
  last.delete('0')
  return {
    entries: [...last].map(([version, row]) => ({
      key: version,
      version,
      appliedAt: readInstant(row.tstamp),
    })),
  }
}

/** https://documentation.red-gate.com/fd/flyway-schema-history-table-273973417.html */
function readFlyway({ rows, shown }: LedgerSource): Read {
  const versions = new Map<string, LedgerEntry>()
  const repeatables = new Map<string, LedgerEntry>()
  const problems: SlipwayError[] = []
  let upTo: string | undefined
  for (const row of byNumber(rows, 'installed_rank')) {
    const { version, type = '', script = '' } = row
    const key = version ?? row.description ?? script
    if (!isTrue(row.success)) {
      problems.push(flywayFailure(shown, version ?? script))
    } else if (type === 'BASELINE' || type.endsWith('_BASELINE')) upTo = version
    else if (type === 'SCHEMA') continue
    else if (type.startsWith('UNDO') || type === 'DELETE') {
      if (version === undefined) repeatables.delete(key)
      else versions.delete(version)
    } else {
      const entry = {
        key,
        version,
        name: fileOf(script),
        fingerprint: row.checksum,
        appliedAt: readInstant(row.installed_on),
        ...(version === undefined ? { isRepeatable: true } : {}),
      }
      ;(version === undefined ? repeatables : versions).set(key, entry)
    }
  }
  return { entries: [...versions.values(), ...repeatables.values()], upTo, problems }
}

function flywayFailure(shown: string, what: string): SlipwayError {
  return new SlipwayError('foreign-unfinished', `${shown} says that ${what} failed`, {
    hint: 'undo what is left of it, let Flyway forget it, then adopt: flyway repair',
  })
}

/** `db/V1__a.sql` and the class `db.migration.V3__Fill`, without what is in front and behind. */
function fileOf(script: string): string {
  const base = script.replace(/^.*[\\/]/, '')
  return /\.(?:sql|java|kt|py|sh|ps1|bat)$/i.test(base) ? withoutExtension(base) : base.replace(/^.*\./, '')
}

function readPrisma({ rows, shown }: LedgerSource): Read {
  const standing = rows.filter(({ rolled_back_at }) => rolled_back_at === undefined)
  const problems = standing
    .filter(({ finished_at }) => finished_at === undefined)
    .map(
      ({ migration_name }) =>
        new SlipwayError('foreign-unfinished', `${shown} says that ${migration_name} did not finish`, {
          hint: `see what it left, tell Prisma, then adopt: prisma migrate resolve --rolled-back ${migration_name}, or --applied`,
        }),
    )
  const finished = standing.filter(({ finished_at }) => finished_at !== undefined)
  return {
    entries: [...finished]
      .sort(
        (a, b) =>
          compareTexts(a.started_at, b.started_at) || compareTexts(a.migration_name, b.migration_name),
      )
      .map((row) => ({ ...named(row.migration_name, row.finished_at), fingerprint: row.checksum })),
    problems,
  }
}

function findHeldLock({ tool, shown, lockRows }: LedgerSource): SlipwayError[] {
  if (!lockRows.some(({ is_locked }) => isTrue(is_locked))) return []
  const cure = tool === 'knex' ? 'knex migrate:unlock' : 'update kysely_migration_lock set is_locked = 0'
  return [
    new SlipwayError(
      'foreign-unfinished',
      `${labelOf(tool)} holds the lock beside ${shown}: it is at work, or was killed`,
      { hint: `see that it is not running, free its lock, then adopt: ${cure}` },
    ),
  ]
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === 't' || value === '1'
}

function withoutExtension(name: string): string
function withoutExtension(name: string | undefined): string | undefined
function withoutExtension(name: string | undefined): string | undefined {
  return name?.replace(/\.[A-Za-z]{1,5}$/, '')
}

function byNumber(rows: readonly Row[], column: string): Row[] {
  return [...rows].sort((a, b) => Number(a[column] ?? 0) - Number(b[column] ?? 0))
}

function compareTexts(a = '', b = ''): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function compareDigits(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => (/^\d+$/.test(text) ? BigInt(text) : -1n)) as [bigint, bigint]
  if (first === second) return compareTexts(a, b)
  return first < second ? -1 : 1
}
