/** The text of a `--json` result or report. */
import type { Redactor } from '../redact.ts'
import { toPlainData } from './plain-data.ts'

/** Indented by two, ends with a line break; every string value passed through `redact`, so it stays valid JSON. */
export function jsonText(value: unknown, redact: Redactor): string {
  return `${JSON.stringify(toPlainData(value, { redact, keys: 'own' }), null, 2)}\n`
}
