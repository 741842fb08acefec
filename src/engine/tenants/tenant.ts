/** From a line of a list to a database, or to what is wrong with it. */
import { type ListedTenant, secretsOf } from '../../config/tenants.ts'
import type { Config, TenantsSetting } from '../../config/config.ts'
import { describeHost, type DatabaseUrl, type PostgresUrl } from '../../config/url.ts'
import { isSlipwayError, SlipwayError } from '../../errors.ts'
import { postgresNameBytes } from '../../sql/quote.ts'

export interface Tenant {
  /** A schema's name; of a URL host and database, never its user's password. For a URL that cannot be read, its place. */
  readonly name: string
  readonly target: DatabaseUrl | SlipwayError
  /** Of the tenants in one database, each has its own. */
  readonly schema: string | undefined
}

export interface TenantList {
  readonly tenants: readonly Tenant[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

/** What schemas are schemas of; undefined where only URLs make sense. */
export interface TenantPlace {
  readonly config: Config
  readonly setting: TenantsSetting
  readonly cwd: string
}

const urlForm = /^(?:[a-z][a-z0-9+.-]*:\/\/|(?:sqlite3?|file|postgres(?:ql)?):)/i

export function isUrl(text: string): boolean {
  return urlForm.test(text)
}

/** One each, in order. Throws bad-setting for settings that would give two of them one history. */
export function makeTenants(listed: readonly ListedTenant[], place: TenantPlace): TenantList {
  const seen = new Map<string, Tenant>()
  const twice: string[] = []
  for (const one of listed) {
    const tenant = isUrl(one.text) ? fromUrl(one, place) : fromSchema(one, place)
    const key = keyOf(tenant)
    if (seen.has(key)) twice.push(tenant.name)
    else seen.set(key, tenant)
  }
  const tenants = nameApart([...seen.values()])
  requireOwnHistories(tenants, place.config)
  return { tenants, warnings: twice.length === 0 ? [] : [tellTwice(twice)] }
}

function tellTwice(names: readonly string[]) {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  const message = `listed more than once, and migrated once: ${names.slice(0, 5).join(', ')}${more}`
  return { code: 'tenant-twice', message }
}

function fromSchema({ text, place }: ListedTenant, { config }: TenantPlace): Tenant {
  const fail = (why: string, hint?: string) => ({
    name: text.trim() === '' ? place : text,
    schema: undefined,
    target: new SlipwayError('bad-tenant', `${place} ${why}`, hint === undefined ? {} : { hint }),
  })
  if (text.trim() === '') return fail('names nothing', 'leave such rows out of the query')
  const base = config.databaseUrl
  if (base === undefined)
    throw config.databaseProblem ?? new SlipwayError('no-url', 'no database is configured')
  if (base.dialect !== 'postgres')
    throw new SlipwayError('bad-tenant', `${place} is no URL, and SQLite has no schemas`, {
      hint: 'name the files of tenants by URL: sqlite:/data/acme.db',
    })
  if (/^pg_|^information_schema$/.test(text)) return fail(`is ${text}, a schema of PostgreSQL itself`)
  if (text.includes('\0')) return fail('holds a NUL byte')
  const bytes = Buffer.byteLength(text)
  if (bytes > postgresNameBytes)
    return fail(`has ${bytes} bytes, of which PostgreSQL would keep ${postgresNameBytes}: ${text}`)
  return { name: text, schema: text, target: inSchema(base, text, config) }
}

/** The server's own search_path counts no more. */
function inSchema(base: PostgresUrl, schema: string, config: Config): PostgresUrl {
  return {
    ...base,
    shown: `${base.shown}?schema=${encodeURIComponent(schema)}`,
    schema,
    ofTenant: true,
    ...(config.sharedSchemas.length === 0 ? {} : { sharedSchemas: config.sharedSchemas }),
    ...(config.createSchemas ? {} : { schemaMustExist: true }),
  }
}

function fromUrl({ text, place }: ListedTenant, { setting, cwd }: TenantPlace): Tenant {
  setting.learn(secretsOf(text))
  try {
    const { url, secrets = [] } = setting.parseUrl(text, { name: place, cwd })
    setting.learn(secrets)
    return { name: nameOf(url), schema: undefined, target: url }
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    return { name: place, schema: undefined, target: error }
  }
}

/** `db.example.com/acme`, `db:6432/shop?schema=acme`, `/data/acme.db` */
function nameOf(url: DatabaseUrl): string {
  if (url.dialect === 'sqlite') return url.path
  const hosts = url.hosts.map((host) => describeHost(host).replace(/:5432$/, '')).join(',')
  return `${hosts}/${url.database}${url.schema === undefined ? '' : `?schema=${url.schema}`}`
}

/** The same in every process that reads the same list, whatever else is in it. */
export function keyOf({ name, schema, target }: Tenant): string {
  if (isSlipwayError(target)) return `! ${name}`
  if (schema !== undefined) return `schema ${schema}`
  return `${target.shown} ${target.dialect === 'postgres' ? (target.schema ?? '') : ''}`
}

/** Two users of one database may each have a search_path of their own. */
function nameApart(tenants: readonly Tenant[]): Tenant[] {
  const counts = new Map<string, number>()
  for (const { name } of tenants) counts.set(name, (counts.get(name) ?? 0) + 1)
  return tenants.map((tenant) => {
    const { name, target } = tenant
    if (counts.get(name) === 1 || isSlipwayError(target) || target.dialect !== 'postgres') return tenant
    return { ...tenant, name: `${target.user}@${name}` }
  })
}

function requireOwnHistories(tenants: readonly Tenant[], { schema }: Config): void {
  if (schema === undefined) return
  const databases = new Set<string>()
  for (const { name, target, schema: own } of tenants) {
    if (isSlipwayError(target) || target.dialect !== 'postgres') continue
    const database = `${target.hosts.map(describeHost).join()}/${target.database}`
    if (own === undefined && !databases.has(database)) {
      databases.add(database)
      continue
    }
    throw new SlipwayError(
      'bad-setting',
      `SLIPWAY_SCHEMA is ${schema}, which would give ${name} and its neighbours one history`,
      { hint: "unset SLIPWAY_SCHEMA: a tenant's history is in its own schema" },
    )
  }
}
