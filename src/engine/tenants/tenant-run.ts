/** The run of one tenant within a run over many. */
import { joinList } from '../../config/list-value.ts'
import { settings } from '../../config/settings.ts'
import type { DatabaseUrl } from '../../config/url.ts'
import { loadDialect } from '../../dialects/index.ts'
import { isSlipwayError, SlipwayError } from '../../errors.ts'
import type { Listener } from '../../events.ts'
import { shellWord } from '../../plan/shell.ts'
import { createEcho } from '../echo.ts'
import { toSlipwayError } from '../outcome.ts'
import type { Run } from '../run.ts'
import type { SharedFolder } from './folder.ts'
import { createPatience } from './patience.ts'
import type { Tenant } from './tenant.ts'

export interface TenantRuns {
  /** Throws what is wrong with the tenant. */
  open(tenant: Tenant, signal?: AbortSignal): Promise<Run>
  /** What became of it: a server that is gone is not waited for again and again. */
  learn(tenant: Tenant, error: SlipwayError): void
}

/** A server that is back may take a while for its first logins: less would find it gone for ever. */
const oneTryMs = 3000

export function openTenantRuns(run: Run, folder: SharedFolder): TenantRuns {
  const told = new Set<string>()
  const patience = createPatience(run.config.waitTimeoutMs)
  return {
    async open({ name, target }, signal = run.signal) {
      if (isSlipwayError(target)) throw target
      const { emit: tell, ...place } = await placeOf(target, name, told, run)
      const emit: Listener = (event) => {
        if (event.type === 'connected') patience.onConnected(target)
        tell(event)
      }
      const waitTimeoutMs = patience.timeoutFor(target)
      const config = { ...run.config, waitTimeoutMs }
      const tryMs = waitTimeoutMs === 0 ? oneTryMs : undefined
      return { ...run, ...place, emit, config, tryMs, tenant: name, folder, signal }
    },
    learn({ target }, error) {
      if (!isSlipwayError(target)) patience.onFailed(target, error)
    },
  }
}

/** What the folder, the line or the settings have to say to each of them is said once, and of nobody. */
const ofAll: ReadonlySet<string> = new Set(['mixed-versions', 'plaintext', 'no-effect'])

async function placeOf(
  url: DatabaseUrl,
  tenant: string,
  told: Set<string>,
  run: Run,
): Promise<Pick<Run, 'url' | 'dialect' | 'emit' | 'echo'>> {
  const emit: Listener = (event) => {
    const isShared = (event.type === 'warning' || event.type === 'notice') && ofAll.has(event.code)
    if (!isShared) run.emit({ ...event, tenant })
    else if (!isTold(`${event.code} ${event.message}`, told)) run.emit(event)
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
export async function toTenantError(run: Run, tenant: Tenant, thrown: unknown): Promise<SlipwayError> {
  const error = await toSlipwayError(run, thrown)
  const hint = aboutOne(error.hint, tenant)
  return new SlipwayError(error.code, error.message, {
    ...error.facts,
    hint,
    tenant: tenant.name,
    cause: error,
  })
}

const takers: readonly string[] = settings.tenants.verbs

/** `slipway up` goes through all of them again, which is what is wanted. */
function aboutOne(hint: string, { schema, target }: Tenant): string {
  const url = isSlipwayError(target) || target.dialect !== 'sqlite' ? undefined : target.shown
  const name = schema ?? url
  if (name === undefined) return hint
  return hint.replace(/\bslipway ([a-z]+)\b/g, (command, verb: string) =>
    verb === 'up' || !takers.includes(verb) ? command : `${command} --tenants ${shellWord(joinList([name]))}`,
  )
}
