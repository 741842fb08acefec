/** `sql`: the same tagged template on every database. Values are bound, never written into the text. */
import type { Row } from '../../dialects/dialect.ts'
import { buildStatement, type Fragment, fragmentBrand, isFragment, writeTemplate } from './template.ts'
import type { QueryTracker } from './tracker.ts'

/** Runs when awaited; inside another template it becomes a part of that one instead. */
export interface SqlQuery<T extends Row = Row> extends Fragment, PromiseLike<T[]> {
  catch<R>(onRejected: (error: unknown) => R): Promise<T[] | R>
  finally(onFinally: () => void): Promise<T[]>
}

/** Sends SQL: a tagged template, whose values are bound. */
export interface Sql {
  /**
   * A query with bound values; resolves to its rows. Integers arrive as numbers where that is exact, else as bigints.
   * @example await sql`insert into users (name) values (${name})`
   */
  <T extends Row = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlQuery<T>
  /** A quoted identifier; `sql.id('app', 'users')` is `"app"."users"`. */
  id(...names: readonly string[]): Fragment
  /** Text as it is: awaited, it runs (several statements if need be); inside a template it is inserted. Never for user input. */
  raw<T extends Row = Row>(text: string): SqlQuery<T>
}

export interface SqlParts {
  readonly tracker: QueryTracker
  readonly placeholder: (index: number) => string
  readonly quoteId: (name: string) => string
}

export function createSql(parts: SqlParts): Sql {
  const sql = <T extends Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlQuery<T> => {
    if (!Array.isArray(strings) || !('raw' in strings))
      throw new TypeError('sql is a template tag: sql`select …`; for text use sql.raw(text)')
    return createQuery<T>(parts, strings, values)
  }
  return Object.assign(sql, {
    id: (...names: readonly string[]): Fragment => ({
      [fragmentBrand]: true as const,
      write: (target) => target.text(names.map(parts.quoteId).join('.')),
    }),
    raw: <T extends Row>(text: string): SqlQuery<T> => createQuery<T>(parts, [text], []),
  })
}

function createQuery<T extends Row>(
  parts: SqlParts,
  strings: readonly string[],
  values: readonly unknown[],
): SqlQuery<T> {
  for (const value of values) {
    if (isFragment(value)) parts.tracker.embed(value)
  }
  let running: Promise<T[]> | undefined
  const query: SqlQuery<T> = {
    [fragmentBrand]: true,
    write: (target) => writeTemplate(target, strings, values),
    // biome-ignore lint/suspicious/noThenProperty: being awaited is what starts it
    then(onFulfilled, onRejected) {
      running ??= parts.tracker.start(query, () => buildStatement(query, parts.placeholder)) as Promise<T[]>
      return running.then(onFulfilled, onRejected)
    },
    catch: (onRejected) =>
      query.then((rows) => rows, onRejected) as Promise<T[] | ReturnType<typeof onRejected>>,
    finally: (onFinally) => Promise.resolve(query).finally(onFinally),
  }
  parts.tracker.add(query)
  return query
}
