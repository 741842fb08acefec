/** What a down would take away: read from its SQL before it runs, or seen while it runs and undone. */
import type { Executor, Session } from '../dialects/dialect.ts'
import type { CountedLoss } from '../dialects/reverting.ts'
import { SlipwayError } from '../errors.ts'
import { findLost } from '../plan/lost.ts'
import type { DownDecision } from './down-decide.ts'
import type { Watch } from './execute.ts'
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
  const { findLosses } = await run.dialect.loadReverting()
  const losses: DownLoss[] = []
  for (const { name, history } of steps) {
    const down = downs.get(name)
    if (down === undefined) continue
    const { body, options } = down
    const isUndone = options.transaction && history.state !== 'started'
    const found =
      body.kind === 'code'
        ? [{ kind: 'opaque', what: 'a script', rows: undefined, isEstimate: false } as const]
        : await session.countLosses(await findLosses(body.statements))
    losses.push(
      ...found.map((loss) => ({
        ...loss,
        migration: name,
        kind: loss.kind === 'opaque' && isUndone ? ('watched' as const) : loss.kind,
      })),
    )
  }
  return losses
}

/** Something is in it, or might be. */
export function isDataLoss({ kind, rows }: DownLoss): boolean {
  return kind !== 'watched' && rows !== 0
}

/** For each migration: compares the tables before and after. What is gone and held anything ends it. Throws data-loss. */
export async function watchLosses(run: Run): Promise<(name: string) => Watch> {
  const { takeInventory } = await run.dialect.loadReverting()
  return (name) => async (executor: Executor, work: () => Promise<void>) => {
    const before = await takeInventory(executor)
    await work()
    const lost = findLost(before, await takeInventory(executor))
    if (lost.length === 0) return
    throw new SlipwayError(
      'data-loss',
      `it takes away what holds rows, so it was rolled back: ${lost.join(', ')}`,
      { migration: name, hint: 'if that may be lost: slipway down --allow-data-loss' },
    )
  }
}
