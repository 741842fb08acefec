/** Tries hosts, addresses and ways to encrypt until there is a session that will do. */
import { isSocketDirectory, type PostgresHost, type PostgresUrl } from '../../config/url.ts'
import type { SlipwayError } from '../../errors.ts'
import { AddressesFailed, type Connected, connectToAny, lookUp } from './addresses.ts'
import { type Encryption, type Endpoint, encryptionsOf } from './endpoint.ts'
import { isServerError } from './errors.ts'
import { HandshakeClosed, TlsRefused } from './failures.ts'
import { combineEncryptions, combineHosts, type HostFailure, isFinal } from './host-failures.ts'
import { type LinkFailure, type LinkOptions, type Opened, tryLink } from './open-link.ts'
import { blameOptions } from './startup-options.ts'

/** Says why a session will not do, or undefined if it will. */
export type Judge = (opened: Opened) => SlipwayError | undefined

export interface Reached extends Opened {
  /** The one server of the session, as it was reached: for what must go to the same one. */
  readonly endpoint: Endpoint
}

/**
 * One round over all hosts for each judge, the strictest first. Each host gets its share of the time. A host that is
 * not there, not ready or not fit leads to the next; one that refuses us ends the round, as in libpq.
 */
export async function reachServer(
  url: PostgresUrl,
  options: LinkOptions,
  judges: readonly Judge[],
): Promise<Reached> {
  await requireTlsFiles(url)
  const deadline = performance.now() + options.timeoutMs
  const limit = url.connectTimeoutMs ?? options.timeoutMs / url.hosts.length
  let failures: HostFailure[] = []
  for (const [round, judge] of judges.entries()) {
    failures = []
    const hosts = arrange(url.hosts, url)
    for (const [index, host] of hosts.entries()) {
      options.signal?.throwIfAborted()
      const left = hosts.length - index + hosts.length * (judges.length - 1 - round)
      const timeoutMs = Math.max(1, Math.min(limit, (deadline - performance.now()) / left))
      const outcome = await visitHost(url, host, { ...options, timeoutMs }, judge)
      if ('link' in outcome) return outcome
      failures.push(...outcome)
      if (isFinal(failures.at(-1)?.error)) throw combineHosts(url, failures)
    }
  }
  throw combineHosts(url, failures)
}

/** Where TLS is certain to come, what it needs is looked at before anybody is waited for. */
async function requireTlsFiles(url: PostgresUrl): Promise<void> {
  if (!url.hosts.every((host) => encryptionsOf(url, host)[0] === 'required')) return
  const { openTlsContext } = await import('./tls-context.ts')
  openTlsContext(url.tls)
}

async function visitHost(
  url: PostgresUrl,
  host: PostgresHost,
  options: LinkOptions,
  judge: Judge,
): Promise<Reached | HostFailure[]> {
  const left = countDown(options)
  const failures: HostFailure[] = []
  let addresses: string[]
  try {
    addresses = arrange(await lookUp(host, left()), url)
  } catch (error) {
    return [{ host, address: undefined, error }]
  }
  while (addresses.length > 0) {
    let connected: Connected
    try {
      connected = await connectToAny(addresses, host.port, left())
    } catch (error) {
      if (!(error instanceof AddressesFailed)) throw error
      return [...failures, ...error.failures.map((failure) => ({ host, ...failure }))]
    }
    const { address } = connected
    const outcome = await tryEncryptions(url, host, connected, left())
    const error = 'link' in outcome ? judge(outcome) : (blameOptions(url, outcome) ?? outcome.error)
    if ('link' in outcome && error === undefined) return outcome
    if ('link' in outcome) await outcome.link.close()
    failures.push({ host, address, error })
    if (isFinal(error)) break
    addresses = addresses.filter((other) => other !== address)
  }
  return failures
}

async function tryEncryptions(
  url: PostgresUrl,
  host: PostgresHost,
  { socket, address }: Connected,
  options: LinkOptions,
): Promise<Reached | LinkFailure> {
  const left = countDown(options)
  const [encryption, other] = encryptionsOf(url, host)
  const endpoint = createEndpoint(url, host, address, encryption)
  const first = await tryLink(endpoint, { ...left(), connected: socket })
  if ('link' in first) return settleOn(endpoint, first)
  if (other === undefined || !mayDiffer(encryption, first)) return first
  const second = await tryLink({ ...endpoint, encryption: other }, left())
  if ('link' in second) return settleOn(endpoint, second)
  return combineEncryptions(first, second, other)
}

function createEndpoint(
  { user, database, tls, options, applicationName, allowedAuth }: PostgresUrl,
  host: PostgresHost,
  address: string,
  encryption: Encryption,
): Endpoint {
  return {
    ...{ user, database, tls, encryption },
    ...host,
    ...(isSocketDirectory(host.host) ? {} : { address }),
    ...(options === undefined ? {} : { options }),
    ...(applicationName === undefined ? {} : { applicationName }),
    ...(allowedAuth === undefined ? {} : { allowedAuth }),
  }
}

/** What follows on this session needs no second try. */
function settleOn(endpoint: Endpoint, opened: Opened): Reached {
  const encryption = opened.link.encryption === undefined ? 'none' : 'required'
  return { ...opened, endpoint: { ...endpoint, encryption } }
}

/** Whether another way to encrypt may lead somewhere: the same cases as in libpq. */
function mayDiffer(encryption: Encryption, { error, encrypted, entered }: LinkFailure): boolean {
  const isRefused = isServerError(error) && !entered && error.code !== '57P03'
  if (encryption === 'none') return isRefused
  return error instanceof TlsRefused || error instanceof HandshakeClosed || (encrypted && isRefused)
}

/** The options with what is left of their time, whenever asked. */
function countDown(options: LinkOptions): () => LinkOptions {
  const deadline = performance.now() + options.timeoutMs
  return () => ({ ...options, timeoutMs: Math.max(1, deadline - performance.now()) })
}

/** As given, or in random order (Fisher and Yates). */
function arrange<T>(given: readonly T[], { shuffled }: PostgresUrl): T[] {
  const items = [...given]
  if (shuffled !== true) return items
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = Math.floor(Math.random() * (last + 1))
    const [item] = items.splice(chosen, 1)
    if (item !== undefined) items.splice(last, 0, item)
  }
  return items
}
