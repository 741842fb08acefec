/**
 * What libpq can be asked for and slipway cannot do. Where doing without would be weaker than what was asked for, it
 * is refused; channel binding alone is only named, because some providers put it into every URL they give out.
 */
import { type Parameters, readWord, refuseGiven } from './given.ts'
import { isSocketDirectory, type PostgresHost } from './url.ts'
import type { Warning } from './url-problem.ts'

/** Throws bad-url or bad-setting. */
export function checkDemands(
  parameters: Parameters,
  hosts: readonly Pick<PostgresHost, 'host'>[],
): Warning[] {
  refuseGssEncryption(parameters)
  refuseProtocol(parameters)
  refusePeerCheck(parameters, hosts)
  return warnOfChannelBinding(parameters)
}

function refuseGssEncryption(parameters: Parameters): void {
  const given = parameters('gssencmode')
  const mode = readWord(parameters, 'gssencmode', ['disable', 'prefer', 'require'])
  if (given !== undefined && mode === 'require')
    throw refuseGiven(
      given,
      'has gssencmode=require, and slipway does not speak GSSAPI',
      'sslmode=verify-full',
    )
}

function refuseProtocol(parameters: Parameters): void {
  const given = parameters('min_protocol_version')
  if (given !== undefined && given.text !== '3.0')
    throw refuseGiven(given, 'has a min_protocol_version above 3.0, which is what slipway speaks')
}

/** Node does not tell who is behind a Unix socket. For TCP libpq ignores it too. */
function refusePeerCheck(parameters: Parameters, hosts: readonly Pick<PostgresHost, 'host'>[]): void {
  const given = parameters('requirepeer')
  if (given !== undefined && hosts.some(({ host }) => isSocketDirectory(host)))
    throw refuseGiven(
      given,
      'has requirepeer, which slipway cannot check',
      'put the socket into a folder that only the server can write',
    )
}

function warnOfChannelBinding(parameters: Parameters): Warning[] {
  const given = parameters('channel_binding')
  if (readWord(parameters, 'channel_binding', ['disable', 'prefer', 'require']) !== 'require') return []
  const message = `${given?.name}: channel_binding=require has no effect: slipway logs in without; sslmode=verify-full makes sure of the server instead`
  return [{ code: 'url-parameter', message }]
}
