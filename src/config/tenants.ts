/** What SLIPWAY_TENANTS and SLIPWAY_SHARD say. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { SlipwayError } from '../errors.ts'
import { parseShard, type Shard } from '../plan/shard.ts'
import type { TenantsSetting } from './config.ts'
import { describeObstacle } from './file-obstacle.ts'
import { parseList } from './list-value.ts'
import { badValue } from './setting-value.ts'
import { settings } from './settings.ts'
import { describeSource } from './source.ts'
import { findPortLikeSecret, findUrlSecrets } from './url-secrets.ts'

/** A name or a URL, as written. */
export interface ListedTenant {
  /** Empty: nothing is named. */
  readonly text: string
  /** For messages, which must not repeat what may hold a password: `line 3 of tenants.txt`. */
  readonly place: string
}

export type TenantSource =
  | { readonly kind: 'list'; readonly tenants: readonly ListedTenant[]; readonly cwd: string }
  | { readonly kind: 'query'; readonly text: string; readonly cwd: string }

/** Its passwords are secret from now on. Throws no-tenants, bad-setting, bad-value, password-in-flag. */
export function readTenantSource({ find, learn }: TenantsSetting): TenantSource {
  const found = find()
  const { source, base } = found
  const text = found.text.trim()
  const name = describeSource(source)
  if (isQuery(text)) return { kind: 'query', text, cwd: base }
  const path = text.startsWith('@') ? resolve(base, text.slice(1).trim()) : undefined
  const list =
    path === undefined ? splitText(text, name) : splitLines(readFile(path, name), text.slice(1).trim())
  const tenants = list ?? []
  if (list === undefined) throw badValue(settings.tenants, found, 'names or URLs separated by commas')
  learn(tenants.flatMap((tenant) => secretsOf(tenant.text)))
  if (path === undefined && source.kind === 'flag') refusePasswords(tenants)
  return { kind: 'list', tenants, cwd: base }
}

/** After comments, and in parentheses too: `(select …) union (select …)`, `values('acme')`. */
function isQuery(text: string): boolean {
  return /^(?:--[^\n]*\n|\/\*.*?\*\/|[\s(])*(?:select|with|table|values)[\s(]/is.test(text)
}

/** Of a tenant's URL, well-formed or not. */
export function secretsOf(text: string): string[] {
  return text.includes('://') ? [...findUrlSecrets(text), ...findPortLikeSecret(text)] : []
}

/** A file behind SLIPWAY_TENANTS_FILE has lines, too. undefined: a quote without an end. */
function splitText(text: string, name: string): ListedTenant[] | undefined {
  if (text.includes('\n')) return splitLines(text, name)
  return parseList(text)?.map((item, index) => ({ text: item, place: `item ${index + 1} of ${name}` }))
}

/** A line is a name or a URL as it stands: a list of hosts has commas of its own. */
function splitLines(text: string, name: string): ListedTenant[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ text: line.trim(), place: `line ${index + 1} of ${name}` }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'))
}

function readFile(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SlipwayError('no-tenants', `${name} names ${path}, ${describeObstacle(path, error)}`, {
      cause: error,
      hint: 'name a file that can be read, with a tenant on each line',
    })
  }
}

function refusePasswords(tenants: readonly ListedTenant[]): void {
  if (!tenants.some(({ text }) => findUrlSecrets(text).length > 0)) return
  throw new SlipwayError(
    'password-in-flag',
    '--tenants holds a password, which everyone on this host can read',
    { hint: 'put the URLs into a file, one on each line: --tenants @FILE; or export SLIPWAY_TENANTS' },
  )
}

/** Undefined: all of them. Throws bad-setting, bad-value. */
export function readShard(
  { shard: found }: TenantsSetting,
  env: Readonly<Record<string, string | undefined>>,
): Shard | undefined {
  if (found === undefined) return undefined
  const written = env.JOB_COMPLETION_INDEX ?? ''
  const index = /^\d{1,6}$/.test(written) ? Number(written) : undefined
  const shard = parseShard(found.text, index)
  if (shard !== undefined) return shard
  const alone = /^\d+$/.test(found.text.trim())
  const why = index === undefined ? 'which is not set' : `which is ${index}`
  const wanted = alone
    ? `I/N, such as 1/8, or N where JOB_COMPLETION_INDEX, ${why}, tells which part from 0 to N-1`
    : 'I/N with I from 1 to N, such as 1/8, or N alone'
  throw badValue(settings.shard, found, wanted)
}
