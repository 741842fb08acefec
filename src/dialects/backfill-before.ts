/** Whether a backfill that was begun before is the one that is asked for now. */
import type { BackfillTask } from './long-work.ts'

/** What is kept of it: the columns it goes by, and the hash of the rest. */
export function defineBackfill(key: readonly { readonly name: string }[], hash: string): string {
  return `${JSON.stringify(key.map(({ name }) => name))} ${hash}`
}

export function compareBackfill(
  before: { readonly definition: string; readonly seen: number } | undefined,
  definition: string,
): BackfillTask['before'] {
  // What has done nothing yet may become anything.
  if (before === undefined || (before.seen === 0 && before.definition !== definition)) return 'none'
  if (before.definition === definition) return 'same'
  const keyOf = (text: string) => text.slice(0, text.lastIndexOf(' '))
  return keyOf(before.definition) === keyOf(definition) ? 'changed' : 'other-key'
}
