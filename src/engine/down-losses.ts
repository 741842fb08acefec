/** What a down would take away, as far as its SQL tells before it runs; see also watchLosses. */
import type { Session } from '../dialects/dialect.ts'
import type { CountedLoss } from '../dialects/reverting.ts'
import { SlipwayError } from '../errors.ts'
import type { LoadedMigration } from '../files/loaded.ts'
import type { Revert } from '../plan/down.ts'
import { countRows } from '../text/count-rows.ts'
import type { DownDecision } from './down-decide.ts'
import type { Run } from './run.ts'

export interface DownLoss extends Omit<CountedLoss, 'kind'> {
  readonly migration: string
  /** `watched`: seen only as it runs, in a transaction that is undone if it takes anything that holds rows. */
  readonly kind: CountedLoss['kind'] | 'watched'
}

export async function findDownLosses(
  run: Run,
  session: Session,
  { steps, downs }: DownDecision,
): Promise<DownLoss[]> {
  const { createNames, findLosses } = await run.dialect.loadReverting()
  const names = createNames()
  const losses: DownLoss[] = []
  for (const step of steps) {
    const down = downs.get(step.name)
    if (down === undefined) continue
    const found =
      down.body.kind === 'code'
        ? [{ kind: 'opaque', what: 'a script', rows: undefined, isEstimate: false } as const]
        : await session.countLosses(await findLosses(listLeft(step, down.body.statements), names))
    const isWatched = isUndone(step, down)
    losses.push(
      ...found.map((loss) => ({
        ...loss,
        migration: step.name,
        ...(isWatched && loss.kind === 'opaque' ? { kind: 'watched' as const } : {}),
        ...(isWatched && loss.isMissing === true
          ? { kind: 'watched' as const, what: `about ${loss.what}, which is not there now` }
          : {}),
      })),
    )
  }
  return losses
}

/** What it does can be taken back: it runs in a transaction. */
export function isUndone({ history }: Pick<Revert, 'history'>, { options }: LoadedMigration): boolean {
  return options.transaction && history.state !== 'started'
}

/** Of one that goes on after an interruption. */
function listLeft<T>({ history }: Revert, statements: readonly T[]): readonly T[] {
  return history.reverting === true ? statements.slice(history.statementsDone) : statements
}

/** Outside a transaction, what is there may have become more since it was shown. Throws data-loss. */
export function lookAgain(run: Run, session: Session, step: Revert, down: LoadedMigration) {
  return async (statementsDone: number): Promise<void> => {
    const history: Revert['history'] = { ...step.history, reverting: true, statementsDone }
    const decision = { steps: [{ ...step, history }], downs: new Map([[step.name, down]]) }
    const lost = (await findDownLosses(run, session, decision)).filter(isDataLoss)
    if (lost.length === 0) return
    throw new SlipwayError('data-loss', `data would be lost by now: ${lost.map(describeLoss).join('; ')}`, {
      migration: step.name,
      hint: 'if that may be lost: slipway down --allow-data-loss',
    })
  }
}

/** Something is in it, or might be. */
export function isDataLoss({ kind, rows }: DownLoss): boolean {
  return kind !== 'watched' && rows !== 0
}

export function describeLoss({ kind, what, rows, isEstimate }: DownLoss): string {
  switch (kind) {
    case 'table':
      return `drops ${what} with ${countRows(rows, isEstimate, 'row')}`
    case 'column':
      return `drops ${what} with ${countRows(rows, isEstimate, 'value')}`
    case 'rows':
      return `deletes from ${what}, which holds ${countRows(rows, isEstimate, 'row')}`
    case 'opaque':
      return `is ${what} outside a transaction: what it takes away cannot be known`
    case 'watched':
      return `is ${what}: what it takes away is seen as it runs`
  }
}
