/** Targets: what people type to name a migration, or a place in their order. */
import { SlipwayError } from '../errors.ts'
import type { Version } from './migration.ts'
import { compareMigrations, compareVersions, parseMigrationName, parseVersion } from './name.ts'
import { nearest } from './nearest.ts'

export type Target =
  | { readonly kind: 'head' }
  | { readonly kind: 'base' }
  /** `+2` or `-1`, counted from the newest applied migration. */
  | { readonly kind: 'relative'; readonly steps: number }
  | { readonly kind: 'named'; readonly text: string }

export type ResolvedTarget = { readonly kind: 'base' } | ({ readonly kind: 'migration' } & Candidate)

/** Something a target may mean. */
export interface Candidate {
  readonly name: string
  readonly version: Version
  readonly slug: string
}

export interface TargetScope {
  /** In any order. */
  readonly candidates: readonly Candidate[]
  /** Names that are applied or recorded as skipped. */
  readonly done: ReadonlySet<string>
  /** What `head` means; the last candidate if not given. */
  readonly head?: Candidate | undefined
}

/** Throws SlipwayError bad-argument for a blank text. */
export function parseTarget(text: string): Target {
  const word = text.trim()
  if (word === '') throw new SlipwayError('bad-argument', 'the target is empty', { hint: targetHint })
  if (word === 'head') return { kind: 'head' }
  if (word === 'base' || word === 'zero') return { kind: 'base' }
  if (/^[+-]\d{1,9}$/.test(word)) return { kind: 'relative', steps: Number(word) }
  return { kind: 'named', text: word }
}

const targetHint = 'give a name, a version, a unique part of a name, head, base, +N or -N'

/** Throws SlipwayError unknown-target or ambiguous-target. */
export function resolveTarget(target: Target, scope: TargetScope): ResolvedTarget {
  const ordered = [...scope.candidates].sort(compareMigrations)
  switch (target.kind) {
    case 'base':
      return { kind: 'base' }
    case 'head':
      return migrationOrBase(scope.head ?? ordered.at(-1))
    case 'relative':
      return resolveRelative(target.steps, ordered, scope.done)
    case 'named':
      return resolveNamed(target.text, ordered)
  }
}

function migrationOrBase(candidate: Candidate | undefined): ResolvedTarget {
  return candidate === undefined ? { kind: 'base' } : { kind: 'migration', ...candidate }
}

/** +N is the N-th pending one; -N leaves the newest N applied ones behind. */
function resolveRelative(
  steps: number,
  ordered: readonly Candidate[],
  done: ReadonlySet<string>,
): ResolvedTarget {
  const applied = ordered.filter(({ name }) => done.has(name))
  const pending = ordered.filter(({ name }) => !done.has(name))
  const available = steps > 0 ? pending : applied
  if (Math.abs(steps) > available.length) {
    const have = `${available.length} ${steps > 0 ? 'pending' : 'applied'}`
    throw new SlipwayError('unknown-target', `${steps > 0 ? '+' : ''}${steps} goes too far: ${have}`)
  }
  return migrationOrBase(steps > 0 ? pending[steps - 1] : applied[applied.length - 1 + steps])
}

function resolveNamed(text: string, ordered: readonly Candidate[]): ResolvedTarget {
  const found = findByWord(text, ordered)
  const [first] = found
  if (first === undefined) throw unknownTarget(text, ordered)
  if (found.length === 1) return { kind: 'migration', ...first }
  throw new SlipwayError('ambiguous-target', `${text} could be ${listNames(found)}`)
}

function unknownTarget(text: string, ordered: readonly Candidate[]): SlipwayError {
  const close = nearestCandidates(text, ordered)
  const advice = close.length === 0 ? '' : `; did you mean ${listNames(close)}?`
  return new SlipwayError('unknown-target', `no migration matches ${text}${advice}`)
}

const mostListed = 8

function listNames(candidates: readonly Candidate[]): string {
  const names = candidates.slice(0, mostListed).map(({ name }) => name)
  const more = candidates.length - names.length
  if (more > 0) return `${names.join(', ')} or one of ${more} more`
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/**
 * Everything a word may mean, most exact first and only the most exact kind: full name (a path or an extension is
 * cut off), version as written, version by value, slug, part of a name in any letter case.
 */
export function findByWord<C extends Candidate>(word: string, candidates: readonly C[]): C[] {
  const stem = word.replace(/^.*[\\/]/, '').replace(/(?:\.(?:up|down))?\.(?:ts|js|mjs|cjs|sql)$/i, '')
  const version = parseVersion(stem)
  const part = stem.toLowerCase()
  const tries: ((candidate: C) => boolean)[] = [
    ({ name }) => name === word,
    ({ name }) => name === stem,
    (candidate) => candidate.version.text === stem,
    (candidate) => version !== undefined && compareVersions(candidate.version, version) === 0,
    ({ slug }) => slug === stem,
    ({ name }) => part !== '' && name.toLowerCase().includes(part),
  ]
  for (const matches of tries) {
    const found = candidates.filter(matches)
    if (found.length > 0) return found
  }
  return []
}

/** Candidates a mistyped word was probably meant to be: by slug, else by name. */
export function nearestCandidates(word: string, candidates: readonly Candidate[]): Candidate[] {
  const slugs = candidates.map(({ slug }) => slug).filter((slug) => slug !== '')
  const names = candidates.map(({ name }) => name)
  const slug = nearest(parseMigrationName(word)?.slug || word, slugs)
  if (slug !== undefined) return candidates.filter((candidate) => candidate.slug === slug)
  const name = nearest(word, names)
  return candidates.filter((candidate) => candidate.name === name)
}

/** A name from history as a candidate; undefined if it does not begin with a version. */
export function candidateOf(name: string): Candidate | undefined {
  const parsed = parseMigrationName(name)
  return parsed && { name, ...parsed }
}
