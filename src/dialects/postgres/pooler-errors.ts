/**
 * What PgBouncer says in its own name. It has one SQLSTATE for everything, 08P01, so only the words tell a passing
 * condition from a refusal: https://github.com/pgbouncer/pgbouncer (src/client.c, src/server.c, src/objects.c).
 */
import type { FaultKind } from '../dialect.ts'

const words: readonly (readonly [RegExp, FaultKind])[] = [
  [/^transaction blocks not allowed in statement pooling mode/, 'pooler'],
  [/^unsupported startup parameter/, 'pooler'],
  [/^bouncer config error/, 'pooler'],
  [/^(database ".*" does not exist|no such database)/, 'database-missing'],
  [/^(password authentication failed|SASL authentication failed|no such user|login rejected)/, 'auth'],
  [/^(SSL|TLS connection) required/, 'tls'],
  [/^server login has been failing/, 'not-ready'],
  [/^(no more connections allowed|query_wait_timeout|database ".*" is disabled)/, 'not-ready'],
  [/^pgbouncer cannot connect to server/, 'not-ready'],
]

/** Undefined for words that are not known: then the SQLSTATE decides. */
export function explainPooler(message: string): FaultKind | undefined {
  return words.find(([pattern]) => pattern.test(message))?.[1]
}
