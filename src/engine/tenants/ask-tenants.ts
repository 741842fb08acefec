/** The same question to every tenant; reads only. */
import { isSlipwayError, type SlipwayError } from '../../errors.ts'
import type { Run } from '../run.ts'
import { combineFailures } from './failures.ts'
import { findTenants } from './find-tenants.ts'
import { shareFolder } from './folder.ts'
import { eachOf } from './pool.ts'
import { openTenantRuns, toTenantError } from './tenant-run.ts'

export interface TenantAnswer<Answer> {
  readonly tenant: string
  readonly answer: Answer | SlipwayError
}

export interface TenantAnswers<Answer> {
  /** In the order of the list. */
  readonly answers: readonly TenantAnswer<Answer>[]
  /** How many there are in all shards. */
  readonly all: number
  /** For all that could not answer. */
  readonly error: SlipwayError | undefined
}

/** Throws no-tenants and the like, and when it is stopped. `refusal`: an answer that is one. */
export async function askTenants<Answer>(
  run: Run,
  ask: (run: Run) => Promise<Answer>,
  refusal: (answer: Answer) => SlipwayError | undefined = () => undefined,
): Promise<TenantAnswers<Answer>> {
  const runs = openTenantRuns(run, shareFolder(run))
  const { tenants, all } = await findTenants(run, { digests: false, intent: 'read' })
  const answers = new Map<string, Answer | SlipwayError>()
  const options = { concurrency: run.config.concurrency, goesOn: () => !run.signal.aborted }
  await eachOf(tenants, options, async (tenant) => {
    let mine = run
    try {
      mine = await runs.open(tenant)
      answers.set(tenant.name, await ask(mine))
    } catch (error) {
      const failure = await toTenantError(mine, tenant, error)
      runs.learn(tenant, failure)
      answers.set(tenant.name, failure)
    }
  })
  run.signal.throwIfAborted()
  const failed = [...answers].flatMap(([tenant, answer]) => {
    const error = isSlipwayError(answer) ? answer : refusal(answer)
    return error === undefined ? [] : [{ tenant, error }]
  })
  return {
    answers: tenants.flatMap(({ name }) => {
      const answer = answers.get(name)
      return answer === undefined ? [] : [{ tenant: name, answer }]
    }),
    all,
    error: failed.length === 0 ? undefined : combineFailures(run.verb, { failed, notDone: [] }, { tenants }),
  }
}
