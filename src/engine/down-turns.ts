/** `down` behind a pooler that shares server connections: each migration in a turn of its own. */
import { type HistorySnapshot, TurnLost } from '../dialects/dialect.ts'
import type { Turns } from '../dialects/turns.ts'
import { resolveCommit } from './commit.ts'
import {
  type DownOptions,
  decideAgain,
  moved,
  placeSteps,
  proveReverted,
  runsSomething,
  tellPlan,
} from './down.ts'
import { executeStep, type StepPlace } from './execute.ts'
import { aroundRun, aroundSteps, openHooks } from './hooks/open-hooks.ts'
import { markDone, type Progress } from './progress.ts'
import type { Run } from './run.ts'
import { withTurn } from './turns.ts'

/** True when all is done; false where the original session can be used after all. Each turn is one migration. */
export async function downInTurns(run: Run, turns: Turns, options: DownOptions): Promise<boolean> {
  const { survey, progress } = options
  const outside = survey.steps.filter(
    ({ name, history }) =>
      history.state === 'started' || survey.downs.get(name)?.options.transaction === false,
  )
  if (outside.length > 0) {
    await turns.requireSession(outside.map(({ name }) => name))
    return false
  }
  const { session } = turns
  const snapshot = await turns.look()
  const decision = await decideAgain(run, session, options, snapshot)
  const hooks = await openHooks(run, progress, 'down')
  await aroundRun(hooks, async () => {
    if (decision.steps.some(runsSomething)) await hooks?.begin()
    await options.backUp?.()
    const places = await placeSteps(run, session, options, decision)
    tellPlan(run, options, places)
    for (const place of places) {
      run.signal.throwIfAborted()
      const rest = places.slice(place.index - 1)
      const isAnswered = await aroundSteps(hooks, [place.step], () => revertFirst(run, turns, rest, progress))
      if (!isAnswered) return
    }
    proveReverted(decision.steps, await session.readHistory())
  })
  return true
}

/** False: the answer to its commit was lost, and history has been asked already. */
async function revertFirst(
  run: Run,
  turns: Turns,
  rest: readonly StepPlace[],
  progress: Progress,
): Promise<boolean> {
  const [place] = rest
  if (place === undefined) return true
  const outcome = await takeTurn(run, turns, rest)
  if (outcome === 'done') markDone(progress, place.step)
  else await resolveCommit(run, place.step, rest.length === 1, () => markDone(progress, place.step))
  return outcome === 'done'
}

async function takeTurn(run: Run, turns: Turns, rest: readonly StepPlace[]) {
  const [place] = rest
  if (place === undefined) return 'done'
  for (;;) {
    try {
      return await withTurn(
        run,
        turns,
        async ({ rows }) => requireSame(rest, rows),
        () => executeStep(place),
      )
    } catch (error) {
      if (!(error instanceof TurnLost)) throw error
    }
  }
}

/** The newest rows are those that are still to go, as they were. */
function requireSame(rest: readonly StepPlace[], rows: HistorySnapshot['rows']): void {
  const newest = rows.toSorted((a, b) => b.id - a.id)
  const isSame = rest.every(({ step: { history } }, index) => {
    const row = newest[index]
    return row?.id === history?.id && row?.checksum === history?.checksum && row?.state === history?.state
  })
  if (!isSame) throw moved()
}
