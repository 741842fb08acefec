/** The run of one tenant within a run over many. */
import type { DatabaseUrl } from '../../config/url.ts'
import { loadDialect } from '../../dialects/index.ts'
import { SlipwayError } from '../../errors.ts'
import type { Listener } from '../../events.ts'
import { shellWord } from '../../plan/shell.ts'
import { createEcho } from '../echo.ts'
import { toSlipwayError } from '../outcome.ts'
import type { Run } from '../run.ts'
import type { SharedFolder } from './folder.ts'
import type { Tenant } from './tenant.ts'

export interface TenantRuns {
  /** Throws what is wrong with the tenant. */
  open(tenant: Tenant, signal?: AbortSignal): Promise<Run>
}

export function openTenantRuns(run: Run, folder: SharedFolder): TenantRuns {
  const told = new Set<string>()
  return {
    async open({ name, target }, signal = run.signal) {
      if (target instanceof SlipwayError) throw target
      return { ...run, ...(await placeOf(target, name, told, run)), tenant: name, folder, signal }
    },
  }
}

async function placeOf(
  url: DatabaseUrl,
  tenant: string,
  told: Set<string>,
  run: Run,
): Promise<Pick<Run, 'url' | 'dialect' | 'emit' | 'echo'>> {
  const emit: Listener = (event) => {
    // What the folder or the server has to say to each of them is said once.
    if (event.type === 'warning' && isTold(`${event.code} ${event.message}`, told)) return
    run.emit({ ...event, tenant })
  }
  return {
    url,
    dialect: await loadDialect(url),
    emit,
    echo: run.config.echo ? createEcho(emit) : undefined,
  }
}

function isTold(text: string, told: Set<string>): boolean {
  const was = told.has(text)
  told.add(text)
  return was
}

/** The error with the tenant's name, and with commands that are about this one. */
export async function toTenantError(
  run: Run,
  { name, schema }: Tenant,
  thrown: unknown,
): Promise<SlipwayError> {
  const error = await toSlipwayError(run, thrown)
  const only = schema === undefined ? undefined : `--tenants ${shellWord(schema)}`
  const hint =
    only === undefined ? error.hint : error.hint.replace(/\bslipway (?!up\b)[a-z]+\b/g, `$& ${only}`)
  return new SlipwayError(error.code, error.message, { ...error.facts, hint, tenant: name, cause: error })
}
