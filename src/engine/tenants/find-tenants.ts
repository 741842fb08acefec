/** Who the tenants of this run are, and which of them have nothing to do. */
import { type ListedTenant, readShard, readTenantSource, type TenantSource } from '../../config/tenants.ts'
import type { Config, TenantsSetting } from '../../config/config.ts'
import { requireDatabase } from '../../config/load.ts'
import { touring } from '../../config/setting-verbs.ts'
import type { DatabaseUrl } from '../../config/url.ts'
import type { FaultKind, Session } from '../../dialects/dialect.ts'
import { loadDialect } from '../../dialects/index.ts'
import { exitCodes, isSlipwayError, SlipwayError } from '../../errors.ts'
import type { HistoryDigest } from '../../plan/digest.ts'
import { isInShard, type Shard } from '../../plan/shard.ts'
import { describeSessionFailure, serverFacts } from '../failure.ts'
import type { Run } from '../run.ts'
import { sleep } from '../sleep.ts'
import { reading } from '../survey.ts'
import { isUrl, keyOf, makeTenants, type Tenant } from './tenant.ts'

export interface FoundTenants {
  /** Of this run's shard, in the order of the list. */
  readonly tenants: readonly Tenant[]
  /** How many there are in all shards. */
  readonly all: number
  readonly shard: Shard | undefined
  /** By schema, of those that exist; where they could be had with one look. */
  readonly digests: ReadonlyMap<string, HistoryDigest | undefined>
}

export interface FindOptions {
  /** Look at all histories at once. */
  readonly digests: boolean
  /** A run that writes asks where it writes: a replica knows less, and a database may have to be made. */
  readonly intent: 'read' | 'write'
  /** Of a wait: what may pass is waited for so long, and not only until the server answers. */
  readonly patienceMs?: number | undefined
}

/** Throws no-tenants, bad-tenant, bad-setting, and what connecting throws. */
export async function findTenants(run: Run, options: FindOptions): Promise<FoundTenants> {
  const setting = requireSetting(run)
  const shard = readShard(setting, run.env)
  const source = readTenantSource(setting)
  warnOfShard(run, shard)
  if (source.kind === 'list' && (!options.digests || source.tenants.every(({ text }) => isUrl(text))))
    return { ...choose(run, { listed: source.tenants, source, shard, setting }), digests: new Map() }
  const url = requireDatabase(run.config)
  // The run as a whole may be named after the first URL of a list.
  const base = { ...run, url, dialect: await loadDialect(url) }
  const look = async (session: Session) => {
    const listed = source.kind === 'list' ? source.tenants : await ask(base, session, source.text)
    const chosen = choose(run, { listed, source, shard, setting })
    const schemas = chosen.tenants.flatMap(({ schema }) => schema ?? [])
    const digests = options.digests ? await session.readDigests?.(schemas) : undefined
    return { ...chosen, digests: digests ?? new Map() }
  }
  const intent = base.dialect.isRemote ? options.intent : 'read'
  if (options.patienceMs === undefined) return await reading(base, look, intent)
  return await lookAgain(base, options.patienceMs, (patient) => reading(patient, look, intent))
}

const lookEveryMs = 500

async function lookAgain<T>(run: Run, patienceMs: number, look: (run: Run) => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const waitTimeoutMs = Math.max(0, deadline - performance.now())
    try {
      return await look({ ...run, config: { ...run.config, waitTimeoutMs } })
    } catch (error) {
      const mayPass = isSlipwayError(error) && error.exitCode === exitCodes.temporary
      if (!mayPass || performance.now() + lookEveryMs > deadline) throw error
      await sleep(lookEveryMs, run.signal)
    }
  }
}

function requireSetting({ config }: Pick<Run, 'config'>): TenantsSetting {
  if (config.tenants === undefined) throw new SlipwayError('bug', 'there are no tenants')
  return config.tenants
}

interface Choice {
  readonly listed: readonly ListedTenant[]
  readonly source: TenantSource
  readonly shard: Shard | undefined
  readonly setting: TenantsSetting
}

function choose(run: Run, { listed, source, shard, setting }: Choice): Omit<FoundTenants, 'digests'> {
  const { tenants, warnings } = makeTenants(listed, { config: run.config, setting, cwd: source.cwd })
  for (const warning of warnings) run.emit({ type: 'warning', ...warning })
  if (tenants.length === 0 && !run.config.allowNoTenants) throw noTenants(source)
  const mine = shard === undefined ? tenants : tenants.filter((tenant) => isMine(tenant, shard, source))
  return { tenants: mine, all: tenants.length, shard }
}

/** Rows have no order of their own: what is known by the number of its row would be everybody's, or nobody's. */
function isMine(tenant: Tenant, shard: Shard, { kind }: TenantSource): boolean {
  if (kind === 'query' && isSlipwayError(tenant.target)) return shard.part === 1
  return isInShard(keyOf(tenant), shard)
}

function noTenants({ kind }: TenantSource): SlipwayError {
  const what =
    kind === 'query'
      ? 'the query for tenants returned no row; where row security hides them it looks the same'
      : 'the list of tenants is empty'
  return new SlipwayError('no-tenants', what)
}

/** An index without a number of parts: each of the pods would take all tenants, one after the other under the lock. */
function warnOfShard({ env, emit }: Run, shard: Shard | undefined): void {
  const index = env.JOB_COMPLETION_INDEX
  if (shard !== undefined || index === undefined || index === '') return
  const message = `JOB_COMPLETION_INDEX is ${index}, but this run takes all tenants: set SLIPWAY_SHARD to the number of the Job's completions`
  emit({ type: 'warning', code: 'no-shard', message })
}

/** What another query would not meet. Anything else is the server's, and may pass. */
const ofTheQuery: ReadonlySet<FaultKind> = new Set(['statement', 'privilege', 'read-only', 'other'])

async function ask(run: Run, session: Session, query: string): Promise<ListedTenant[]> {
  const texts = await session.readTexts(query).catch((error: unknown) => {
    if (isSlipwayError(error)) throw error
    const fault = run.dialect.explain(error)
    if (!ofTheQuery.has(fault.kind)) throw describeSessionFailure(run, error, 'querying for tenants')
    throw new SlipwayError(
      'no-tenants',
      `the query for tenants failed on ${run.url.shown}: ${fault.message}`,
      {
        cause: error,
        hint: 'correct SLIPWAY_TENANTS; it is asked as the role that connects, in a read-only transaction',
        ...serverFacts(fault),
      },
    )
  })
  return texts.map((text = '', index) => ({ text, place: `row ${index + 1} of the query for tenants` }))
}

/** Of a verb that goes through all of them: what the run as a whole is about. Of any other: the one tenant's. */
export function databaseOfVerb(config: Config, verb: string): DatabaseUrl {
  return touring.some((known) => known === verb) ? overallUrl(config) : onlyTenant(config, verb)
}

/** The database that has the schemas, or many. */
function overallUrl(config: Config): DatabaseUrl {
  const { source, tenants } = readList(config)
  if (source.kind === 'list' && source.tenants.length === 0) return databaseOfNobody(config, source)
  if (source.kind === 'query' || !source.tenants.some(({ text }) => isUrl(text)))
    return requireDatabase(config)
  const [first] = tenants.flatMap(({ target }) => (isSlipwayError(target) ? [] : [target]))
  if (first !== undefined) return { ...first, shown: `${tenants.length} databases` }
  const [problem] = tenants.flatMap(({ target }) => (isSlipwayError(target) ? [target] : []))
  throw problem ?? noTenants(source)
}

/** Nothing is asked of it. */
function databaseOfNobody(config: Config, source: TenantSource): DatabaseUrl {
  const { databaseUrl, databaseProblem, allowNoTenants } = config
  if (databaseUrl !== undefined) return databaseUrl
  if (databaseProblem !== undefined && databaseProblem.code !== 'no-url') throw databaseProblem
  if (!allowNoTenants) throw noTenants(source)
  return { dialect: 'sqlite', path: ':memory:', shown: 'no database' }
}

/** For what is done for one at a time. Throws one-tenant. */
export function onlyTenant(config: Config, what: string): DatabaseUrl {
  const { source, tenants } = readList(config)
  const [first, second] = tenants
  if (source.kind === 'query' || second !== undefined) {
    const named = source.kind === 'query' ? 'SLIPWAY_TENANTS is a query' : `${tenants.length} are named`
    throw new SlipwayError('one-tenant', `slipway ${what} works on one tenant, and ${named}`, {
      hint: `name one: slipway ${what} --tenants NAME`,
    })
  }
  if (first === undefined) throw noTenants(source)
  if (isSlipwayError(first.target)) throw first.target
  return first.target
}

/** Nobody is asked: of a query there are none yet. */
function readList(config: Config): { source: TenantSource; tenants: readonly Tenant[] } {
  const setting = requireSetting({ config })
  const source = readTenantSource(setting)
  if (source.kind === 'query') return { source, tenants: [] }
  return { source, ...makeTenants(source.tenants, { config, setting, cwd: source.cwd }) }
}
