/** How a session is chosen and begun: the parameters of libpq that are neither place, login nor TLS. */
import { type Parameters, readWord, refuseGiven, unknownWord } from './given.ts'
import { withoutUndefined } from './postgres-tls.ts'
import type { AuthMethod, PostgresUrl, SessionTarget } from './url.ts'

const targets: readonly SessionTarget[] = [
  ...(['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const),
]
const authMethods: readonly AuthMethod[] = [
  ...(['none', 'password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'oauth'] as const),
]

export type Behaviour = Pick<
  PostgresUrl,
  'target' | 'shuffled' | 'connectTimeoutMs' | 'options' | 'applicationName' | 'allowedAuth'
>

/** Throws bad-url or bad-setting. */
export function readBehaviour(parameters: Parameters): Behaviour {
  return {
    target: readWord(parameters, 'target_session_attrs', targets) ?? 'any',
    ...withoutUndefined({
      shuffled:
        readWord(parameters, 'load_balance_hosts', ['disable', 'random']) === 'random'
          ? (true as const)
          : undefined,
      connectTimeoutMs: readConnectTimeout(parameters),
      options: parameters('options')?.text,
      applicationName: parameters('application_name')?.text,
      allowedAuth: readAllowedAuth(parameters),
    }),
  }
}

/** Seconds; 0 and less are no limit of its own, as in libpq. */
function readConnectTimeout(parameters: Parameters): number | undefined {
  const given = parameters('connect_timeout')
  if (given === undefined) return undefined
  if (!/^\s*[+-]?\d{1,6}\s*$/.test(given.text))
    throw refuseGiven(given, 'has a connect_timeout that is not a number of seconds')
  const seconds = Number(given.text)
  return seconds > 0 ? seconds * 1000 : undefined
}

/** A list of methods, or of methods that are not allowed, each with a `!`. */
function readAllowedAuth(parameters: Parameters): readonly AuthMethod[] | undefined {
  const given = parameters('require_auth')
  if (given === undefined) return undefined
  const words = given.text.split(',').map((word) => word.trim())
  const negated = words.filter((word) => word.startsWith('!'))
  if (negated.length > 0 && negated.length < words.length)
    throw refuseGiven(given, 'mixes methods and refused methods (!) in require_auth')
  const named = words.map((word) => word.replace(/^!/, ''))
  const methods = named.map((word) => authMethods.find((method) => method === word))
  if (methods.includes(undefined)) throw unknownWord(given, 'require_auth', authMethods)
  return authMethods.filter((method) => methods.includes(method) === (negated.length === 0))
}
