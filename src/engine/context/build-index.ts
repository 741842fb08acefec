/** An index that is built while the app goes on, until it is there and valid. */
import { nameObject } from '../../sql/object-names.ts'
import { parseName } from '../../sql/quote.ts'
import type { ConcurrentIndexOptions } from './long-options.ts'
import type { LongPlace } from './long-work.ts'
import { createSpeedometer } from './pace.ts'
import { toSqlText } from './read-options.ts'
import { retrying } from './retrying.ts'
import type { Fragment } from './template.ts'

export interface WantedIndex {
  readonly table: string
  readonly columns: string | readonly (string | Fragment)[]
  readonly options: ConcurrentIndexOptions
}

export async function createIndex(
  place: LongPlace,
  { table, columns: given, options }: WantedIndex,
): Promise<void> {
  const list = typeof given === 'string' ? [given] : given
  if (list.length === 0) throw new TypeError(`an index on ${table} needs a column`)
  const columns = list.map((column) =>
    typeof column === 'string' ? column : { expression: textOf(place, 'a column', column) },
  )
  const names = columns.filter((column) => typeof column === 'string')
  if (options.name === undefined && names.length < columns.length)
    throw new TypeError(`an index on an expression needs a name: { name: '${parseName(table).name}_…_idx' }`)
  const name = options.name ?? nameObject(parseName(table).name, names, 'idx')
  const tell = createReport(place, name)
  await retrying(place, () =>
    place.long.createIndex({
      table,
      columns,
      name,
      unique: options.unique === true,
      where: options.where === undefined ? undefined : textOf(place, 'where', options.where),
      using: options.using,
      include: options.include ?? [],
      say: place.say,
      onProgress: tell,
    }),
  )
}

function textOf(place: LongPlace, what: string, part: string | Fragment): string {
  const { strings, values } = toSqlText(place, what, part)
  if (values.length > 0) throw new TypeError(`${what} of an index can hold no bound value; use sql.raw(text)`)
  return strings.join('')
}

function createReport({ run, name }: LongPlace, index: string) {
  let phase = ''
  let measure = createSpeedometer(0, performance.now())
  return (progress: {
    phase: string
    unit: 'blocks' | 'rows' | 'lockers'
    done: number
    total: number | undefined
  }) => {
    // Each phase counts something of its own.
    if (progress.phase !== phase) measure = createSpeedometer(progress.done, performance.now())
    phase = progress.phase
    const { done, total, unit } = progress
    const { rate, etaMs } = measure({ done, atMs: performance.now(), total })
    run.emit({
      type: 'progress',
      name,
      work: `index ${index}`,
      unit,
      done,
      ...(total === undefined ? {} : { total }),
      ...(rate === undefined || rate <= 0 ? {} : { rate: Math.round(rate) }),
      ...(etaMs === undefined ? {} : { etaMs: Math.round(etaMs) }),
      phase,
      finished: false,
    })
  }
}
