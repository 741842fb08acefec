/** What whoever takes over a history should know, and nothing can decide. Pure. */
import type { MappedLine } from './match.ts'
import type { ForeignTool } from './names.ts'
import { labelOf } from './tools.ts'

export interface AdoptWarning {
  readonly code: string
  readonly message: string
  readonly migration?: string
}

/** `fresh`: the lines that are not recorded yet. */
export function adoptWarnings(
  tool: ForeignTool,
  lines: readonly MappedLine[],
  fresh: readonly MappedLine[],
): AdoptWarning[] {
  return [...assumed(tool, fresh), ...edited(tool, lines)]
}

/** The one that is named has run, or nothing has. */
function assumed(tool: ForeignTool, fresh: readonly MappedLine[]): AdoptWarning[] {
  const lines = fresh.filter(({ isAssumed }) => isAssumed === true)
  const [first] = lines
  const isAllKnown = tool === 'golang-migrate' && lines.length < 2
  if (first?.entry === undefined || isAllKnown) return []
  const upTo = first.entry.key.replace('≤ ', '')
  const message =
    tool === 'golang-migrate'
      ? `golang-migrate keeps one version, ${upTo}, and passes over a file that is merged late below it: that all of them have run is assumed`
      : `the baseline of ${labelOf(tool)} is ${upTo}: that the database has all that its files up to there make is assumed`
  return [
    {
      code: 'assumed-applied',
      message: `${message}; take what never ran out of the folder while you adopt`,
    },
  ]
}

function edited(tool: ForeignTool, lines: readonly MappedLine[]): AdoptWarning[] {
  return lines.flatMap(({ file, isEdited }) =>
    isEdited === true && file !== undefined
      ? [
          {
            code: 'edited-before',
            message: `${file.shown} is not the text that ${labelOf(tool)} applied; it is recorded as it is now`,
            migration: file.name,
          },
        ]
      : [],
  )
}
