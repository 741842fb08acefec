/** Shows what was edited in the file of an applied migration, against the text that history keeps. The only file that imports `diff`. */

import { createTwoFilesPatch } from 'diff'
import { SlipwayError } from '../errors.ts'
import type { MigrationFile } from '../plan/migration.ts'
import { maskLine } from '../sql/mask-lines.ts'

const maxLines = 40

/** `sources`: stored texts by migration name. Other reasons pass through. */
export function explainChanges(
  reasons: readonly SlipwayError[],
  files: readonly MigrationFile[],
  sources: ReadonlyMap<string, string>,
): SlipwayError[] {
  return reasons.map((reason) => {
    const { migration } = reason.facts
    const file = files.find(({ name }) => name === migration)
    const stored = migration === undefined ? undefined : sources.get(migration)
    if (reason.code !== 'changed' || file === undefined || stored === undefined) return reason
    return new SlipwayError('changed', reason.message, {
      ...reason.facts,
      hint: reason.hint,
      location: { file: file.up.shown, excerpt: diffLines(stored, file.source) },
    })
  })
}

export interface Texts {
  readonly before: string
  readonly after: string
  readonly names: readonly [before: string, after: string]
}

/** Only the lines that differ, and what they are. */
export function diffTexts({ before, after, names }: Texts): string {
  const patch = createTwoFilesPatch(...names, before, after, '', '', { context: 0 })
  return patch
    .split('\n')
    .slice(1)
    .filter((line) => line !== '' && !line.startsWith('@@'))
    .join('\n')
}

/** The checksum sees no blank lines at the end, so neither does the comparison. */
function endLine(text: string): string {
  return `${text.replace(/\n+$/, '')}\n`
}

function diffLines(applied: string, found: string): string {
  const patch = createTwoFilesPatch('as applied', 'as found', endLine(applied), endLine(found), '', '', {
    context: 2,
  })
  const lines = patch
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
  const masked = lines.map((line, index) => maskLine(line, lines[index - 1] ?? '').text)
  const shown = masked.slice(0, maxLines)
  return (lines.length > maxLines ? [...shown, `… ${lines.length - maxLines} more lines`] : shown).join('\n')
}
