/** A database URL, parsed once; everything past this point sees only these shapes. */

export type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** Which server of several will do: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TARGET-SESSION-ATTRS */
export type SessionTarget = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby'

/** How a server may make sure of us; `none`: not by asking. */
export type AuthMethod = 'none' | 'password' | 'md5' | 'gss' | 'sspi' | 'scram-sha-256' | 'oauth'

export interface PostgresHost {
  /** A host name, an IP address, or the directory of a Unix socket (begins with /, or with @ where it has no file). */
  readonly host: string
  /** Connect to this IP address instead of looking the name up. The certificate still has to be that of `host`. */
  readonly address?: string
  readonly port: number
  readonly password: string | undefined
}

/** libpq's ssl* parameters. Paths are absolute; a key that is absent was not given. */
export interface TlsSettings {
  readonly mode: TlsMode
  /** `sslnegotiation=direct`: TLS begins at once, without the request that asks for it. */
  readonly direct?: true
  /** A path, or `system`: the certificates that this machine trusts. */
  readonly rootCert?: string
  readonly cert?: string
  readonly key?: string
  readonly keyPassword?: string
  /** `sslcertmode=disable`: no client certificate is sent, even where there is one. */
  readonly sendsCert?: false
  readonly crl?: string
  readonly crlDir?: string
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  /** `sslsni=0`: the name of the server is not sent in the clear. */
  readonly sni?: false
  /** `~/.postgresql`, where libpq looks for what no parameter names. */
  readonly defaults?: string
}

export interface PostgresUrl {
  readonly dialect: 'postgres'
  /** In the order in which they are tried. */
  readonly hosts: readonly [PostgresHost, ...PostgresHost[]]
  readonly user: string
  readonly database: string
  readonly tls: TlsSettings
  /** From `schema=`: search_path for the session. */
  readonly schema: string | undefined
  /** Behind it in search_path. */
  readonly sharedSchemas?: readonly string[]
  /** One schema of many that have a history each. */
  readonly ofTenant?: true
  /** A schema that is not there is a mistake, and not created. */
  readonly schemaMustExist?: true
  /** From `pgbouncer=true`. */
  readonly pooled: boolean
  readonly target: SessionTarget
  /** `load_balance_hosts=random`: hosts and addresses are tried in random order. */
  readonly shuffled?: true
  /** For each host; absent: slipway's own limit. */
  readonly connectTimeoutMs?: number
  /** Sent at startup, such as `-c search_path=app`. */
  readonly options?: string
  /** Stands behind slipway's own. */
  readonly applicationName?: string
  /** Absent: any method that the driver can do. */
  readonly allowedAuth?: readonly AuthMethod[]
  /** For people: no password, no parameters. */
  readonly shown: string
}

export interface SqliteUrl {
  readonly dialect: 'sqlite'
  /** Absolute path, or `:memory:`. */
  readonly path: string
  readonly shown: string
}

export type DatabaseUrl = PostgresUrl | SqliteUrl

/** Whether a host is the directory of a Unix socket. */
export function isSocketDirectory(host: string): boolean {
  return host.startsWith('/') || host.startsWith('@')
}

/** `db:5432`, `[::1]:5432`, `/var/run/postgresql:5432` */
export function describeHost({ host, port }: Pick<PostgresHost, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What names without a schema mean; undefined: whatever they mean at the server. */
export function searchPathOf(url: DatabaseUrl): readonly string[] | undefined {
  if (url.dialect !== 'postgres' || url.schema === undefined) return undefined
  return [url.schema, ...(url.sharedSchemas ?? [])]
}
