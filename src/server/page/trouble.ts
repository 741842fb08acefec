/** What a person should look at: a database that does not answer, what `up` would refuse, failures of others, warnings. */
import type { ErrorFields } from '../../reporters/error-fields.ts'
import { formatInstant } from '../../text/format-time.ts'
import type { View } from '../view.ts'
import { type Html, html } from './html.ts'
import { showError } from './run.ts'

export function showTrouble(view: View): Html {
  const { problem, status, failures, run, lock } = view
  // A run that was refused has told it.
  const told = new Set([run.error?.code, ...(run.error?.reasons?.map(({ code }) => code) ?? [])])
  const isTrouble = ({ code }: ErrorFields) => !told.has(code) && !(code === 'unfinished' && lock.held)
  const refusals = status?.refusals.filter(isTrouble) ?? []
  const others = failures.filter(({ runId }) => runId !== run.runId)
  const warnings = new Set([...(status?.warnings ?? []), ...run.warnings].map(({ message }) => message))
  // While it is waited for, that is said already.
  const isQuiet = problem === null || run.phase === 'waiting-for-database' || run.phase === 'starting'
  const parts = [
    !isQuiet && showError(problem, 'The database cannot be read now.'),
    ...refusals.map((refusal) => showError(refusal)),
    ...others.map(
      ({ migration, at, error }) =>
        html`<div class="error"><p class="message"><strong>${migration} failed</strong> in another run, at ${formatInstant(new Date(at))}: ${error}</p></div>`,
    ),
    ...[...warnings].map((message) => html`<p class="warning">${message}</p>`),
  ].filter((part) => part !== false)
  if (parts.length === 0) return html``
  return html`<div class="card trouble"><h2>To look at</h2>${parts}</div>`
}
