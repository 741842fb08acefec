/** One error out of those of several hosts, addresses and ways to encrypt. */
import { describeHost, type PostgresHost, type PostgresUrl } from '../../config/url.ts'
import { isSlipwayError, SlipwayError } from '../../errors.ts'
import type { Encryption } from './endpoint.ts'
import { explain } from './errors.ts'
import { TriesFailed } from './failures.ts'
import type { LinkFailure } from './open-link.ts'

export interface HostFailure {
  readonly host: PostgresHost
  /** Undefined where the host's name could not be looked up. */
  readonly address: string | undefined
  readonly error: unknown
}

/** Whether the same is to be expected of other hosts: a wrong password, a certificate that is not trusted. */
export function isFinal(error: unknown): boolean {
  if (isSlipwayError(error)) return error.code !== 'read-only' && error.code !== 'unreachable'
  return !['not-ready', 'session-lost', 'retryable', 'cancelled', 'statement'].includes(explain(error).kind)
}

/** Names the hosts that were tried and why each would not do. At least one failure. */
export function combineHosts(url: PostgresUrl, failures: readonly HostFailure[]): unknown {
  const decisive = chooseDecisive(failures.map(({ error }) => error))
  const message = tellHosts(url, failures)
  if (message === undefined) return decisive
  return isSlipwayError(decisive)
    ? new SlipwayError(decisive.code, message, { hint: decisive.hint, cause: decisive })
    : new TriesFailed(message, decisive)
}

/** The last one, which ended the round if it was final; a server that only reads tells more than one that is not there. */
function chooseDecisive(errors: readonly unknown[]): unknown {
  const last = errors.at(-1)
  if (isFinal(last)) return last
  return errors.findLast((error) => isSlipwayError(error)) ?? last
}

/** Undefined where one error says it all. */
function tellHosts(url: PostgresUrl, failures: readonly HostFailure[]): string | undefined {
  const hosts = [...new Set(failures.map(({ host }) => host))]
  const texts = hosts.map((host) => {
    const own = failures.filter((failure) => failure.host === host)
    const messages = own.map(({ error }) => messageOfTry(error))
    if (new Set(messages).size === 1) return { host, text: messages[0], isOne: true }
    const text = own.map(({ address }, index) => `${address}: ${messages[index]}`).join(', ')
    return { host, text, isOne: false }
  })
  if (url.hosts.length === 1) return texts[0]?.isOne === true ? undefined : texts[0]?.text
  return texts.map(({ host, text }) => `${describeHost(host)}: ${text}`).join('; ')
}

function messageOfTry(error: unknown): string {
  return isSlipwayError(error) ? error.message : explain(error).message
}

/** Both answers are told; the one with TLS decides, unless the other is of a server that is not ready. */
export function combineEncryptions(first: LinkFailure, second: LinkFailure, then: Encryption): LinkFailure {
  const [one, other] = [explain(first.error), explain(second.error)]
  if (one.message === other.message) return second
  const withTls = then === 'none' ? first : second
  const decisive = ['auth', 'tls'].includes(other.kind) ? withTls : second
  const message = `${one.message}; ${then === 'none' ? 'without' : 'with'} TLS: ${other.message}`
  return { ...second, error: new TriesFailed(message, decisive.error) }
}
