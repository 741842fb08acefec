/** Parts that several result printers share. */
import type { SlipwayError } from '../errors.ts'
import { noRedaction } from '../redact.ts'
import { visibleText } from '../text/visible-text.ts'
import { dialectLabel } from './dialect-label.ts'
import type { Paint } from './paint.ts'
import { errorLines, hintOf, nextLine } from './pretty-error.ts'
import type { DatabaseFacts, ResultWarning } from './results.ts'

/** `postgres://app@db/app (PostgreSQL 18.1)` */
export function describeDatabase({ database, dialect, serverVersion }: DatabaseFacts): string {
  return `${database} (${dialectLabel(dialect)} ${serverVersion})`
}

export function warningLines(warnings: readonly ResultWarning[], paint: Paint): string[] {
  return warnings.map(({ message }) => paint('caution', `! ${visibleText(message).replaceAll('\n', '\n  ')}`))
}

/** Every refusal in full, each cure once, below what it cures. */
export function refusalLines(refusals: readonly SlipwayError[], paint: Paint): string[] {
  const style = { paint, redact: noRedaction, debug: false }
  return refusals.flatMap((refusal, index) => {
    const following = refusals[index + 1]
    const isLastOfItsCure = following === undefined || hintOf(following) !== hintOf(refusal)
    const cure = isLastOfItsCure ? [nextLine(hintOf(refusal), style)] : []
    return [...errorLines(refusal, style), ...cure]
  })
}

/** Groups of lines with one blank line between those that are not empty, and a line break at the end. */
export function joinGroups(groups: readonly (readonly string[])[]): string {
  const texts = groups.filter((group) => group.length > 0).map((group) => group.join('\n'))
  return texts.length === 0 ? '' : `${texts.join('\n\n')}\n`
}
