/** A database URL, parsed once; everything past this point sees only these shapes. */

export type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface PostgresUrl {
  readonly dialect: 'postgres'
  /** A host name, an IP address, or the directory of a Unix socket (begins with /). */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  readonly tls: {
    readonly mode: TlsMode
    readonly rootCert?: string
    readonly cert?: string
    readonly key?: string
  }
  /** From `schema=`: search_path for the session. */
  readonly schema: string | undefined
  /** From `pgbouncer=true`. */
  readonly pooled: boolean
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
