/** One server as one attempt sees it: where it is, who we are, how to encrypt. */
import { isSocketDirectory, type PostgresHost, type PostgresUrl } from '../../config/url.ts'

type FromUrl = 'user' | 'database' | 'tls' | 'options' | 'applicationName' | 'allowedAuth'

export interface Endpoint extends PostgresHost, Pick<PostgresUrl, FromUrl> {
  /** `if-offered`: without TLS on the same connection where the server has none. */
  readonly encryption: Encryption
}

export type Encryption = 'none' | 'if-offered' | 'required'

/** What to try, in order: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
export function encryptionsOf(
  url: Pick<PostgresUrl, 'tls'>,
  host: PostgresHost,
): readonly [Encryption, ...Encryption[]] {
  if (isSocketDirectory(host.host)) return ['none']
  switch (url.tls.mode) {
    case 'disable':
      return ['none']
    case 'allow':
      return ['none', 'required']
    case 'prefer':
      return ['if-offered', 'none']
    default:
      return ['required']
  }
}
