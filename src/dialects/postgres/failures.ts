/** What can go wrong before a session begins. */

/** The attempt took longer than it may. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout'
  constructor(timeoutMs: number) {
    const seconds = Math.round(timeoutMs / 100) / 10
    super(`no answer within ${seconds < 1 ? seconds : Math.round(seconds)} s`)
  }
}

/** The peer took the connection and closed it, or answered with something that is not PostgreSQL. */
export class PeerClosed extends Error {
  override readonly name = 'PeerClosed'
}

/** The same, after TLS had begun or instead of it: without TLS the answer may be another. */
export class HandshakeClosed extends PeerClosed {}

/** TLS was wanted and could not be had, or a certificate was refused. */
export class TlsRefused extends Error {
  override readonly name = 'TlsRefused'
}

/** The server wants to make sure of us in a way that we cannot, or must not. */
export class AuthRefused extends Error {
  override readonly name = 'AuthRefused'
}

/** Several tries failed; `decisive` is the one that says what to do about it. */
export class TriesFailed extends Error {
  override readonly name = 'TriesFailed'
  readonly decisive: unknown
  constructor(message: string, decisive: unknown) {
    super(message, { cause: decisive })
    this.decisive = decisive
  }
}
