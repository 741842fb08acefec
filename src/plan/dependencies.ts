/** `dependsOn`: a demand on order, never a way to change it. */
import { SlipwayError } from '../errors.ts'
import type { DeclaredOptions, HistoryRow, MigrationFile } from './migration.ts'
import { compareMigrations } from './name.ts'
import { type Candidate, candidateOf, findByWord, nearestCandidates } from './target.ts'

export interface DependencyInput {
  readonly files: readonly MigrationFile[]
  readonly archived: ReadonlySet<string>
  readonly applied: readonly HistoryRow[]
  /** Only migrations in this map are checked. */
  readonly options: ReadonlyMap<string, DeclaredOptions>
}

/** One reason for each entry of a `dependsOn` that is unknown, ambiguous, sorts later, or was never applied. */
export function checkDependencies(input: DependencyInput): SlipwayError[] {
  const known = knownMigrations(input)
  const edges = new Map<string, readonly string[]>()
  for (const file of input.files) edges.set(file.name, resolvedDependencies(file, known, input))
  return input.files.flatMap((file) =>
    dependenciesOf(file, input).flatMap((word) => {
      const problem = checkDependency(file, word, known, edges, input)
      const facts = { migration: file.name, location: { file: file.up.shown } }
      return problem === undefined ? [] : [new SlipwayError('dependency', `${file.name} ${problem}`, facts)]
    }),
  )
}

function dependenciesOf(file: MigrationFile, input: DependencyInput): readonly string[] {
  return input.options.get(file.name)?.dependsOn ?? []
}

function knownMigrations({ files, archived, applied }: DependencyInput): Candidate[] {
  const names = new Set([...files.map(({ name }) => name), ...archived, ...applied.map(({ name }) => name)])
  return [...names].map(candidateOf).filter((candidate) => candidate !== undefined)
}

function resolvedDependencies(
  file: MigrationFile,
  known: readonly Candidate[],
  input: DependencyInput,
): readonly string[] {
  return dependenciesOf(file, input).flatMap((word) => {
    const found = findByWord(word, known)
    return found.length === 1 ? found.map(({ name }) => name) : []
  })
}

/** What is wrong, as the rest of a sentence that begins with the migration's name. */
function checkDependency(
  file: MigrationFile,
  word: string,
  known: readonly Candidate[],
  edges: ReadonlyMap<string, readonly string[]>,
  input: DependencyInput,
): string | undefined {
  const found = findByWord(word, known)
  const [dependency] = found
  if (dependency === undefined) return `depends on ${word}, which is unknown${adviceFor(word, known)}`
  if (found.length > 1)
    return `depends on ${word}, which could be ${found.map(({ name }) => name).join(' or ')}`
  if (dependency.name === file.name) return 'depends on itself'
  const isFile = edges.has(dependency.name)
  if (isFile && compareMigrations(dependency, file) > 0) {
    const path = findPath(dependency.name, file.name, edges)
    if (path === undefined) return `depends on ${dependency.name}, which sorts later`
    return `and ${dependency.name} depend on each other: ${[file.name, ...path].join(' → ')}`
  }
  const row = input.applied.find(({ name }) => name === dependency.name)
  if (isFile || (row !== undefined && row.state !== 'started')) return undefined
  if (row !== undefined) return `depends on ${dependency.name}, which did not finish`
  return `depends on ${dependency.name}, which is in old/ and was never applied here`
}

function adviceFor(word: string, known: readonly Candidate[]): string {
  const close = nearestCandidates(word, known).map(({ name }) => name)
  return close.length === 0 ? '' : ` (did you mean ${close.join(' or ')}?)`
}

/** The chain of names from one migration to another along dependsOn, both ends included. */
function findPath(
  from: string,
  to: string,
  edges: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set([from])
  const paths: string[][] = [[from]]
  for (const path of paths) {
    const last = path.at(-1) ?? from
    if (last === to) return path
    for (const next of edges.get(last) ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      paths.push([...path, next])
    }
  }
  return undefined
}
