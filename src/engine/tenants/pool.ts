/** So many at once, one after the other. */

export interface PoolOptions {
  readonly concurrency: number
  /** Asked before each one: begin with it? */
  readonly goesOn: () => boolean
}

/** In order; `work` must not reject. Those that were not begun with are in the result. */
export async function eachOf<Item>(
  items: readonly Item[],
  { concurrency, goesOn }: PoolOptions,
  work: (item: Item) => Promise<void>,
): Promise<readonly Item[]> {
  let next = 0
  const worker = async () => {
    while (next < items.length && goesOn()) {
      const item = items[next]
      next += 1
      if (item !== undefined) await work(item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker))
  return items.slice(next)
}
