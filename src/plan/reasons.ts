/** Why a plan is refused, and what is worth a warning: one function for each row of the table of states. */
import { SlipwayError } from '../errors.ts'
import type { DeclaredOptions, HistoryRow, MigrationFile } from './migration.ts'
import type { PlanWarning } from './mixed-versions.ts'
import { repairCommand } from './repair.ts'
import { describeChange, type MigrationStatus, newestApplied } from './states.ts'

export interface Finding {
  readonly reasons: readonly SlipwayError[]
  readonly warnings: readonly PlanWarning[]
}

const nothing: Finding = { reasons: [], warnings: [] }

export interface FindingInput {
  readonly states: readonly MigrationStatus[]
  readonly applied: readonly HistoryRow[]
  readonly options: ReadonlyMap<string, DeclaredOptions>
  readonly request: {
    readonly outOfOrder: 'error' | 'warn' | 'allow'
    readonly onAhead: 'allow' | 'error' | 'allow-breaking'
    readonly now: Date
  }
}

export function findChanged({ states }: FindingInput): Finding {
  const reasons = states.flatMap(({ state, file, history }) => {
    if (state !== 'changed' || file === undefined || history === undefined) return []
    const message = `${file.name} was edited after it was applied: ${file.up.shown} (${describeChange(file, history)})`
    const hint = `restore the file and write the change as a new migration (slipway new NAME); or accept it as it is: ${repairCommand('accept', file.name)}`
    return [new SlipwayError('changed', message, { ...factsOf(file), hint })]
  })
  return { reasons, warnings: [] }
}

export function findMissing({ states }: FindingInput): Finding {
  const reasons = states
    .filter(({ state }) => state === 'missing')
    .map(({ name, history }) => {
      const twin = states.find(
        ({ file, state }) => state !== 'applied' && file !== undefined && file.checksum === history?.checksum,
      )
      const advice = twin === undefined ? '' : `; ${twin.name} has the same text: was it renamed?`
      const message = `${name} is applied, but has no file here, although migrations that came after it do${advice}`
      const hint = `restore the file, or keep it in old/; if it is gone for good: ${repairCommand('forget', name)}`
      return new SlipwayError('missing', message, { migration: name, hint })
    })
  return { reasons, warnings: [] }
}

export function findAhead({ states, request }: FindingInput): Finding {
  const ahead = states.filter(({ state }) => state === 'ahead')
  if (ahead.length === 0) return nothing
  const reasons = ahead.flatMap(({ name, history }) => {
    const facts = { migration: name }
    if (history?.breaking === true && request.onAhead !== 'allow-breaking') {
      const message = `${name} is applied, unknown to this image, and declared breaking`
      return [new SlipwayError('ahead-breaking', message, facts)]
    }
    if (request.onAhead !== 'error') return []
    return [new SlipwayError('ahead', `${name} is applied, but unknown to this image`, facts)]
  })
  const names = ahead.map(({ name, history }) =>
    history?.state === 'started' ? `${name} (unfinished)` : name,
  )
  const message = `the database is ahead of this image by ${ahead.length}: ${names.join(', ')}`
  return { reasons, warnings: reasons.length > 0 ? [] : [{ code: 'ahead', message }] }
}

export function findLate({ states, applied, options, request }: FindingInput): Finding {
  const newest = newestApplied(applied)?.name
  const late = states.flatMap(({ state, file }) => (state === 'late' && file !== undefined ? [file] : []))
  const undeclared = late.filter(({ name }) => options.get(name)?.outOfOrder !== true)
  const describe = ({ name }: MigrationFile) =>
    `${name} is pending, but older than ${newest}, which is applied`
  switch (request.outOfOrder) {
    case 'allow':
      return nothing
    case 'warn':
      return {
        reasons: [],
        warnings: undeclared.map((file) => ({
          code: 'late',
          message: describe(file),
          migration: file.name,
        })),
      }
    case 'error':
      return {
        reasons: undeclared.map((file) => new SlipwayError('late', describe(file), factsOf(file))),
        warnings: [],
      }
  }
}

const dayMs = 86_400_000

/** Compares digits, not dates: `20260131999999` is no time of day, but sorts as one. A day covers every time zone. */
export function findFuture({ states, request }: FindingInput): Finding {
  const limit = new Date(request.now.getTime() + dayMs).toISOString().replace(/\D/g, '')
  const reasons = states.flatMap(({ file, history }) => {
    if (file === undefined || history !== undefined) return []
    if (file.version.kind !== 'timestamp' || file.version.key <= limit) return []
    const message = `${file.name} is more than a day ahead of the database's clock (${request.now.toISOString()})`
    return [new SlipwayError('future', message, factsOf(file))]
  })
  return { reasons, warnings: [] }
}

export function findUnfinished({ states, options }: FindingInput): Finding {
  const reasons = states.flatMap(({ name, state, file, history }) => {
    if (state !== 'unfinished') return []
    if (history?.reverting === true)
      return [
        new SlipwayError('unfinished', `${name} was being reverted and did not finish`, {
          migration: name,
          hint: `go on: slipway down; or say what is true of it: ${repairCommand('finished', name)} when all of its down is done, ${repairCommand('retry', name)} when nothing of it was`,
        }),
      ]
    if (file === undefined) {
      const message = `${name} did not finish, and its file is in old/`
      return [new SlipwayError('unfinished', message, describeUnfinished(name))]
    }
    const problem = whyNotResumable(file, options.get(name))
    if (problem === undefined) return []
    return [
      new SlipwayError('unfinished', `${name} ${problem}`, { ...factsOf(file), ...describeUnfinished(name) }),
    ]
  })
  return { reasons, warnings: [] }
}

/** No reason against `up`, which goes on with them, but files and history do not agree before it has. */
export function findResumable(
  states: readonly MigrationStatus[],
  reasons: readonly SlipwayError[],
): SlipwayError[] {
  const told = new Set(reasons.flatMap(({ code, facts }) => (code === 'unfinished' ? [facts.migration] : [])))
  return states.flatMap(({ name, state, file }) => {
    if (state !== 'unfinished' || file === undefined || told.has(name)) return []
    const message = `${name} did not finish; slipway up goes on with it`
    return [new SlipwayError('unfinished', message, { ...factsOf(file), hint: 'slipway up' })]
  })
}

/** Whether `up` goes on with it by itself. */
export function isResumable(file: MigrationFile | undefined, options: DeclaredOptions | undefined): boolean {
  return file !== undefined && options !== undefined && whyNotResumable(file, options) === undefined
}

/**
 * SQL goes on at the statement that failed; the executor compares the part that is done. A transactional file with
 * such a row left its transaction: how far it came is unknown.
 */
function whyNotResumable(file: MigrationFile, options: DeclaredOptions | undefined): string | undefined {
  if (options?.resumable === true) return undefined
  if (file.language !== 'sql')
    return options === undefined
      ? 'did not finish, and its file could not be asked whether it is resumable'
      : 'did not finish, and is not declared resumable'
  return options?.transaction === true
    ? 'left its own transaction before it finished, and is not declared resumable'
    : undefined
}

/** What both ways out of `unfinished` are called; which of them is true only a look at the database tells. */
export function describeUnfinished(name: string): { readonly migration: string; readonly hint: string } {
  const [finished, retry] = [repairCommand('finished', name), repairCommand('retry', name)]
  return {
    migration: name,
    hint: `see what it did; when all of it is done: ${finished}, when none of it is left: ${retry}`,
  }
}

function factsOf(file: MigrationFile) {
  return { migration: file.name, location: { file: file.up.shown } }
}
