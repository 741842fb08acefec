/** Which of several runners a tenant belongs to: by its name alone, so that all of them agree without asking. */
import { crc32 } from 'node:zlib'

/** One of `of` parts, from 1. */
export interface Shard {
  readonly part: number
  readonly of: number
}

/** The same name is in the same part, whatever other names there are. */
export function isInShard(name: string, { part, of }: Shard): boolean {
  return crc32(name) % of === part - 1
}

/** `1/8`; `8` where the index of this runner, from 0, is known otherwise. Undefined for anything else. */
export function parseShard(text: string, index: number | undefined): Shard | undefined {
  const [, first = '', second] = /^(\d{1,6})(?:\/(\d{1,6}))?$/.exec(text.trim()) ?? []
  const of = Number(second ?? first)
  const part = second === undefined ? (index ?? Number.NaN) + 1 : Number(first)
  return part >= 1 && part <= of ? { part, of } : undefined
}
