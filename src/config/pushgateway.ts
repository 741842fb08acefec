/** SLIPWAY_PUSHGATEWAY. */
import { isSlipwayError } from '../errors.ts'
import { attempt } from './attempt.ts'
import { refusePasswordInFlag } from './database.ts'
import { badValue } from './setting-value.ts'
import { settings } from './settings.ts'
import { findSetting, type Sources } from './sources.ts'
import { findPortLikeSecret, findUrlSecrets } from './url-secrets.ts'

interface FoundPushgateway {
  readonly url: URL | undefined
  readonly secrets: readonly string[]
}

/** Throws password-in-flag, bad-value (64), bad-setting, secret-twice and secret-unreadable (78). */
export function findPushgateway(sources: Sources): FoundPushgateway {
  const found = findSetting('pushgateway', sources)
  if (found === undefined) return { url: undefined, secrets: [] }
  refusePasswordInFlag(found, settings.pushgateway.variable)
  const url = URL.parse(found.text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw badValue(settings.pushgateway, found, 'the URL of a Pushgateway, such as http://pushgateway:9091')
  return { url, secrets: secretsIn(found.text) }
}

/** Of a value that may be broken, too. */
export function pushgatewaySecrets(sources: Sources): readonly string[] {
  const found = attempt(() => findSetting('pushgateway', sources))
  return found === undefined || isSlipwayError(found) ? [] : secretsIn(found.text)
}

function secretsIn(text: string): string[] {
  return [...findUrlSecrets(text), ...findPortLikeSecret(text)]
}
