/** SQLite 3 behind the seam of dialect.ts, its native driver included: sessions and the parser both need it. */
import { quoteSqliteId } from '../../sql/quote.ts'
import type { Dialect } from '../dialect.ts'
import { explainSqlite } from './errors.ts'
import { parseSqlite } from './syntax.ts'

export const sqlite: Dialect = {
  name: 'sqlite',
  isRemote: false,
  connect: async (url, options) => {
    if (url.dialect !== 'sqlite') throw new TypeError(`not a SQLite URL: ${url.shown}`)
    const { openSession } = await import('./session.ts')
    return openSession(url, options)
  },
  explain: explainSqlite,
  parse: async (text) => parseSqlite(text),
  refuseTogether: async () => new Map(),
  placeholder: () => '?',
  quoteId: quoteSqliteId,
}
