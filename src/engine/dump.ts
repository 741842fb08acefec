/** `dump --baseline`: the schema and what it stands for, read without a lock. */
import { rmSync } from 'node:fs'
import type { HistorySnapshot, Session } from '../dialects/dialect.ts'
import { SlipwayError } from '../errors.ts'
import { checkBaseline, listBaselined } from '../plan/baseline.ts'
import { refusalError } from '../plan/plan.ts'
import { discover } from './discover.ts'
import { planAgainst } from './planning.ts'
import type { Run } from './run.ts'
import { programsOf } from './run-program.ts'
import { makeScratchDir } from './scratch-dir.ts'
import { reading } from './survey.ts'

export interface BaselineFile {
  /** As its file name has it. */
  readonly version: string
  /** The migrations that it stands for, the newest last. */
  readonly names: readonly string[]
  readonly text: string
}

export interface DumpRequest {
  readonly owners: boolean
  /** Before anything takes time. */
  readonly onVersion: (version: string) => void
}

/** How often a migration may be applied meanwhile. */
const attempts = 3

/** Throws bad-baseline for an empty history, what `up` would refuse, late, ahead, unfinished, program-missing, dump-failed. */
export async function readBaseline(run: Run, request: DumpRequest): Promise<BaselineFile> {
  if (run.url.dialect === 'postgres' && run.url.ofTenant === true)
    throw new SlipwayError(
      'bad-baseline',
      `a dump names the schema of every table: no other tenant could begin with that of ${run.url.schema}`,
      { hint: 'write the baseline by hand, without names of schemas' },
    )
  const found = await discover(run, 'check')
  const [mismatch] = found.mismatches
  if (mismatch !== undefined) throw mismatch
  return reading(run, async (session) => {
    for (let left = attempts; left > 0; left -= 1) {
      const snapshot = await session.readHistory()
      const decide = checkBaseline
      const result = await planAgainst({
        ...{ run, session, found, snapshot, decide },
        options: new Map(),
        request: {},
      })
      if (result.kind === 'refusal') throw refusalError(result)
      const baseline = await describe(run, session, { snapshot, request })
      // Whoever changes the schema writes history in the same transaction, or before.
      if (digest(await session.readHistory()) === digest(snapshot)) return baseline
    }
    throw new SlipwayError(
      'transient',
      'migrations were applied while the schema was read, again and again',
      {
        hint: 'wait for that run, then: slipway dump --baseline',
      },
    )
  })
}

interface DescribeOptions {
  readonly snapshot: HistorySnapshot
  readonly request: DumpRequest
}

async function describe(
  run: Run,
  session: Session,
  { snapshot, request }: DescribeOptions,
): Promise<BaselineFile> {
  const covered = listBaselined(snapshot.rows)
  const newest = covered.findLast(({ row }) => row.state === 'applied')
  if (newest === undefined)
    throw new SlipwayError('bad-baseline', 'no migration is applied, so a baseline would stand for none', {
      hint: 'slipway up',
    })
  const { text: version } = newest.candidate.version
  request.onVersion(version)
  const schema = await dumpSchema(run, session, request.owners)
  const lines = covered.map(({ row }) => `-- slipway:applied ${row.name} ${row.checksum}`.trimEnd())
  return { version, names: covered.map(({ row }) => row.name), text: `${lines.join('\n')}\n\n${schema}` }
}

async function dumpSchema(run: Run, session: Session, owners: boolean): Promise<string> {
  const scratchDir = makeScratchDir(run, { prefix: 'slipway-dump-', code: 'dump-failed', what: 'a dump' })
  try {
    return await session.dumpSchema({ owners, run: programsOf(run), signal: run.signal, scratchDir })
  } finally {
    rmSync(scratchDir, { recursive: true, force: true })
  }
}

function digest({ rows }: HistorySnapshot): string {
  return JSON.stringify(
    rows.map(({ id, name, checksum, state, statementsDone }) => [id, name, checksum, state, statementsDone]),
  )
}
