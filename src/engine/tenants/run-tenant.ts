/** A run over one of many, told as a run of its own. */
import { isSlipwayError, type SlipwayError } from '../../errors.ts'
import type { RunOutcome } from '../../events.ts'
import { keepApart } from '../apart.ts'
import { runToOutcome } from '../outcome.ts'
import type { Progress } from '../progress.ts'
import type { Run } from '../run.ts'
import type { Tenant } from './tenant.ts'
import { type TenantRuns, toTenantError } from './tenant-run.ts'

export interface TenantWork {
  readonly work: (run: Run, progress: Progress) => Promise<void>
}

export interface OneOfMany extends TenantWork {
  readonly tenant: Tenant
  readonly runs: TenantRuns
  /** Where another run works on it, this one has others to go on with. */
  readonly mayPutOff: boolean
}

/** Never rejects. Undefined: put off, and how it ended is not told. */
export async function runTenant(
  run: Run,
  { tenant, runs, mayPutOff, work }: OneOfMany,
): Promise<RunOutcome | undefined> {
  const { name, target } = tenant
  let isPutOff = false
  const onHeld = () => {
    isPutOff = true
  }
  const emit: Run['emit'] = (event) => {
    if (!isPutOff || event.type !== 'run-finished') run.emit({ ...event, tenant: name })
  }
  // Even of one that cannot be opened it is told that it began and how it ended.
  const url = isSlipwayError(target) ? { ...run.url, shown: name } : target
  const tellLate = ({ message }: SlipwayError) =>
    run.emit({ type: 'warning', tenant: name, code: 'stray-error', message })
  const outcome = await keepApart(run.signal, tellLate, (signal) => {
    const announced = { ...run, url, signal, emit, tenant: name }
    return runToOutcome(announced, async (progress) => {
      let mine: Run = announced
      try {
        mine = { ...(await runs.open(tenant, signal)), putOff: mayPutOff ? onHeld : undefined }
        await work(mine, progress)
      } catch (error) {
        const failure = await toTenantError(mine, tenant, error)
        runs.learn(tenant, failure)
        throw failure
      }
    })
  })
  if (!isPutOff || run.signal.aborted) return outcome
  const message = 'another run works on it: left for the end'
  run.emit({ type: 'notice', tenant: name, code: 'put-off', message })
  return undefined
}
