/** Alembic's revisions: each file names the ones before it, and the database names the last. Pure. */
import type { ForeignFile } from './ledger.ts'

export interface Revision {
  readonly id: string
  /** What it comes after, and what it depends on. */
  readonly after: readonly string[]
  readonly file: ForeignFile
}

/** `revision = "ae10"` and `down_revision: Union[str, None] = ("a", "b")`, as Alembic's templates write them. */
export function readRevision(file: ForeignFile): Revision | undefined {
  const [id] = readStrings(file.text, 'revision')
  if (id === undefined) return undefined
  return {
    id,
    after: [...readStrings(file.text, 'down_revision'), ...readStrings(file.text, 'depends_on')],
    file,
  }
}

function readStrings(text: string, name: string): string[] {
  const value = new RegExp(
    `^${name}[ \\t]*(?::[^=\\n]+)?=[ \\t]*(\\([^)]*\\)|\\[[^\\]]*\\]|[^\\n]*)`,
    'm',
  ).exec(text)?.[1]
  return [...(value ?? '').replace(/#.*$/gm, '').matchAll(/(['"])([^'"\n]+)\1/g)].map(
    (match) => match[2] ?? '',
  )
}

export interface Chain {
  /** What the heads descend from, and the heads; each after all that it comes after. */
  readonly applied: readonly Revision[]
  readonly pending: readonly Revision[]
  /** Revisions that are named and have no file. */
  readonly missing: readonly string[]
}

export function followChain(revisions: readonly Revision[], heads: readonly string[]): Chain {
  const known = new Map(revisions.map((revision) => [revision.id, revision]))
  const seen = new Set<string>()
  const applied: Revision[] = []
  const missing: string[] = []
  // Without recursion: a chain may be thousands long.
  const stack = [...heads].reverse().map((id) => ({ id, isDone: false }))
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const revision = known.get(top.id)
    if (top.isDone && revision !== undefined) applied.push(revision)
    if (seen.has(top.id)) continue
    seen.add(top.id)
    if (revision === undefined) missing.push(top.id)
    else
      stack.push(
        { id: top.id, isDone: true },
        ...[...revision.after].reverse().map((id) => ({ id, isDone: false })),
      )
  }
  return { applied, pending: revisions.filter(({ id }) => !seen.has(id)), missing }
}
