/** What `repair` can mend, and what a request for it means. Pure. */
import { SlipwayError } from '../errors.ts'
import type { HistoryRow, MigrationFile } from './migration.ts'
import { shellFlag } from './shell.ts'
import { describeChange, type MigrationStatus } from './states.ts'
import { candidateOf, findByWord, nearestCandidates } from './target.ts'

export type RepairAction = 'accept' | 'finished' | 'retry' | 'forget'

export interface RepairRequest {
  readonly action: RepairAction
  /** As typed: a name, a version, a unique part of a name; with `accept` also `all`. */
  readonly name: string
}

/** Something to mend, with every command that would. */
export interface Damage {
  readonly name: string
  readonly state: 'changed' | 'unfinished' | 'missing'
  readonly actions: readonly RepairAction[]
  readonly history: HistoryRow
  readonly file?: MigrationFile
}

/** `slipway repair --accept 0001_users` */
export function repairCommand(action: RepairAction, name: string): string {
  return `slipway repair ${shellFlag(action, name)}`
}

/** In the order of versions. */
export function findDamage(states: readonly MigrationStatus[]): Damage[] {
  return states.flatMap(({ name, state, history, file }): Damage[] => {
    if (history === undefined) return []
    const rest = { name, history, ...(file === undefined ? {} : { file }) }
    // Whatever else it is: a row that says `started` can be resolved, also by an image that lacks the file.
    if (history.state === 'started') return [{ ...rest, state: 'unfinished', actions: ['finished', 'retry'] }]
    if (state === 'changed') return [{ ...rest, state, actions: ['accept'] }]
    if (state === 'missing') return [{ ...rest, state, actions: ['forget'] }]
    return []
  })
}

/** What `statements_done` counts: of a script outside a transaction it can only be its backfills that count. */
export function unitDone({ file }: Pick<Damage, 'file'>, count: number): string {
  const isScript = file !== undefined && file.language !== 'sql'
  if (count === 1) return isScript ? 'batch' : 'statement'
  return isScript ? 'batches' : 'statements'
}

/** What a repair would do, as the rest of a sentence that begins with a verb; the same for the log, the question and the refusal. */
export function describeRepair(action: RepairAction, damage: Damage): string {
  const { name, file, history } = damage
  const done = history.statementsDone
  const counted = done === 0 ? '' : ` (${done} of its ${unitDone(damage, 2)} were counted as done)`
  switch (action) {
    case 'accept':
      return `accept the edited text of ${name} (${file === undefined ? '' : describeChange(file, history)})`
    case 'finished':
      if (history.reverting === true) return `forget ${name}: its down did all it had to${counted}`
      return `record ${name} as applied, although it did not finish${counted}`
    case 'retry':
      if (history.reverting === true)
        return `record ${name} as applied: nothing of its down was done${counted}`
      return `forget that ${name} was begun, so that it runs from its start${counted}`
    case 'forget':
      return `forget that ${name} was applied; its file is gone`
  }
}

/** What a request is about; empty when it is in order already. Throws unknown-target, ambiguous-target, bad-argument. */
export function selectDamage(states: readonly MigrationStatus[], request: RepairRequest): Damage[] {
  const { action, name: word } = request
  const fitting = findDamage(states).filter(({ actions }) => actions.includes(action))
  if (action === 'accept' && word === 'all') return fitting
  const status = findStatus(states, word)
  const found = fitting.filter(({ name }) => name === status.name)
  if (found.length > 0 || isInOrder(status, action)) return found
  throw new SlipwayError('bad-argument', `${status.name} ${whyNot(status, action)}`, {
    migration: status.name,
    hint: 'slipway repair',
  })
}

function findStatus(states: readonly MigrationStatus[], word: string): MigrationStatus {
  // A row that another tool or a hand wrote may have a name without a version.
  const exact = states.find(({ name }) => name === word)
  if (exact !== undefined) return exact
  const candidates = states.flatMap(({ name }) => candidateOf(name) ?? [])
  const found = findByWord(word, candidates)
  const [first, second] = found
  if (first === undefined) {
    const close = nearestCandidates(word, candidates).map(({ name }) => name)
    const advice = close.length === 0 ? '' : `; did you mean ${close.join(' or ')}?`
    throw new SlipwayError('unknown-target', `no migration matches ${word}${advice}`)
  }
  const status = second === undefined ? states.find(({ name }) => name === first.name) : undefined
  if (status !== undefined) return status
  throw new SlipwayError('ambiguous-target', `${word} could be ${found.map(({ name }) => name).join(' or ')}`)
}

/** Asked for twice, the second time changes nothing: a script may simply run again. */
function isInOrder({ state }: MigrationStatus, action: RepairAction): boolean {
  const isRecorded = state === 'applied' || state === 'skipped' || state === 'archived'
  if (action === 'retry') return state === 'pending' || state === 'late'
  return action === 'forget' ? state === 'pending' || state === 'late' : isRecorded
}

function whyNot({ state, history }: MigrationStatus, action: RepairAction): string {
  const is = history?.state === 'started' ? 'unfinished' : state
  switch (action) {
    case 'accept':
      return `is ${is}: only the edited file of an applied migration can be accepted`
    case 'finished':
    case 'retry':
      return `is ${is}: only a step that did not finish can be resolved`
    case 'forget':
      return `is ${is}: only an applied migration whose file is missing can be forgotten`
  }
}
