/** Two files that claim one place in the order. */
import { SlipwayError } from '../errors.ts'
import { compareMigrations } from '../plan/name.ts'
import type { Draft } from './group.ts'
import { showPath } from './read-source.ts'

/** One reason for each name, and each version with slug, that is claimed more than once. */
export function findDuplicates(drafts: readonly Draft[], cwd: string): SlipwayError[] {
  const sorted = [...drafts].sort((a, b) => compareMigrations(a.parsed, b.parsed))
  const groups: Draft[][] = []
  for (const draft of sorted) {
    const group = groups.at(-1)
    const [first] = group ?? []
    if (group !== undefined && first !== undefined && compareMigrations(first.parsed, draft.parsed) === 0)
      group.push(draft)
    else groups.push([draft])
  }
  return groups.filter((group) => group.length > 1).map((group) => describeGroup(group, cwd))
}

function describeGroup(group: readonly Draft[], cwd: string): SlipwayError {
  const files = group.map(({ up }) => showPath(up, cwd)).sort()
  const names = new Set(group.map(({ name }) => name))
  const what = names.size === 1 ? `are one migration, ${[...names].join()}` : 'have one version and one slug'
  return new SlipwayError('duplicate', `${files.join(' and ')} ${what}`)
}
