/** The run of this process: what it waits for, how far it is, and why it failed. */
import { verbNames } from '../../config/verbs.ts'
import type { ErrorFields } from '../../reporters/error-fields.ts'
import { formatDuration } from '../../text/format-time.ts'
import type { RunView, StepView } from '../view.ts'
import { breakable, type Html, html } from './html.ts'

/** Around the step that matters; the rest is counted. */
const shownSteps = 12

export function showRun(run: RunView): Html {
  return html`<div class="card">
<h2>This run</h2>
${showSummary(run)}
${run.waiting && showWaiting(run.waiting)}
${run.error && showError(run.error)}
${run.steps.length > 0 && showSteps(run)}
</div>`
}

function showSummary({ phase, steps, exitCode, durationMs, startedAt, waits, retries }: RunView): Html {
  const done = steps.filter(({ state }) => state === 'done').length
  const took = formatDuration(durationMs)
  const asides = [
    waits.lockMs >= 1000 && `${formatDuration(waits.lockMs)} of it waiting for another runner`,
    retries > 0 && `${retries} ${retries === 1 ? 'retry' : 'retries'}`,
  ].filter((text) => text !== false)
  const aside = asides.length === 0 ? '' : `, ${asides.join(', ')}`
  switch (phase) {
    case 'succeeded':
      return html`<p>${steps.length === 0 ? 'Nothing was pending' : `${done} of ${steps.length} done`} after ${took}${aside}.</p>`
    case 'failed':
    case 'stopped':
      return html`<p>${phase === 'failed' ? 'Failed' : 'Stopped'} with exit code ${exitCode} after ${took}; ${done} done${aside}.</p>`
    default:
      return html`<p>Running for ${since(startedAt)}${aside}.</p>
${steps.length > 0 && showBar({ label: `${done} of ${steps.length} migrations done`, done, total: steps.length })}`
  }
}

function showWaiting({ reason, holder, since: at }: NonNullable<RunView['waiting']>): Html {
  return html`<p class="note">Waiting for ${since(at)}: ${reason}${holder && html`. Held by ${holder}`}</p>`
}

function showSteps({ steps }: RunView): Html {
  const current = steps.findIndex(({ state }) => state !== 'done')
  const first = Math.max(
    0,
    Math.min((current === -1 ? steps.length : current) - 3, steps.length - shownSteps),
  )
  const shown = steps.slice(first, first + shownSteps)
  const after = steps.length - first - shown.length
  return html`<ol class="steps" start="${first + 1}">
${shown.map(showStep)}
</ol>
${(first > 0 || after > 0) && html`<p class="quiet">${first > 0 && `${first} done before. `}${after > 0 && `${after} more after.`}</p>`}`
}

const words = {
  waiting: ['○', 'to do'],
  running: ['◌', 'running'],
  retrying: ['↻', 'trying again'],
  done: ['✓', 'done'],
  failed: ['✗', 'failed'],
} as const

function showStep(step: StepView): Html {
  const [sign, word] = words[step.state]
  const isRunning = step.state === 'running' || step.state === 'retrying'
  const time =
    isRunning && step.startedAt !== null
      ? since(step.startedAt)
      : step.durationMs !== null && html`${formatDuration(step.durationMs)}`
  return html`<li class="step ${step.state}"><span class="sign" aria-hidden="true">${sign}</span>
<span class="name">${breakable(step.name)}</span> <span class="state">${step.action === 'apply' ? word : `${word} (${step.action})`}</span> <span class="time">${time}</span>
${isRunning && showWithin(step)}</li>`
}

function showWithin({ statements, progress, retry }: StepView): Html {
  return html`${
    statements !== null &&
    statements.total > 1 &&
    showBar({ label: `${statements.done} of ${statements.total} statements`, ...statements })
  }${progress && showBar({ label: progress.text, done: progress.done, total: progress.total })}${
    retry &&
    html`<p class="note">Attempt ${retry.attempt + 1}: ${retry.reason}${
      retry.blockers.length > 0 && `; held up by ${retry.blockers.join('; ')}`
    }</p>`
  }`
}

interface Bar {
  readonly label: string
  readonly done: number
  /** null: nobody knows. */
  readonly total: number | null
}

function showBar({ label, done, total }: Bar): Html {
  const value = total === null ? '' : html` value="${Math.min(done, total)}" max="${Math.max(total, 1)}"`
  return html`<div class="bar"><progress aria-label="${label}"${value}></progress><span aria-hidden="true">${label}</span></div>`
}

/** Ticks in the browser. */
function since(at: string): Html {
  return html`<time datetime="${at}" data-since>…</time>`
}

const command = new RegExp(`((?:[A-Z_]+=\\S+ )?slipway (?:${verbNames.join('|')})\\b[^;,()]*)`)

/** Advice, the commands in it as such. */
function showHint(hint: string): Html {
  return html`${hint.split(command).map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}

/** What happened, where, and what to type next. */
export function showError(error: ErrorFields, title?: string): Html {
  const {
    message,
    code,
    migration,
    file,
    line,
    column,
    sqlstate,
    detail,
    serverHint,
    excerpt,
    output,
    hint,
  } = error
  const place =
    file === undefined ? undefined : [file, line, column].filter((part) => part !== undefined).join(':')
  const facts = [
    place === undefined || message.includes(place) ? undefined : place,
    place === undefined ? migration : undefined,
    sqlstate?.length === 5 ? `SQLSTATE ${sqlstate}` : sqlstate,
    detail,
    serverHint,
  ].filter((fact) => fact !== undefined)
  return html`<div class="error">
<p class="message"><strong>${title ?? code}</strong> ${breakable(message)}</p>
${facts.length > 0 && html`<ul>${facts.map((fact) => html`<li>${fact}</li>`)}</ul>`}
${excerpt !== undefined && html`<pre tabindex="0" aria-label="Where it failed">${excerpt}</pre>`}
${output !== undefined && html`<pre tabindex="0" aria-label="What it printed">${output}</pre>`}
${hint !== undefined && html`<p class="hint"><strong>Next:</strong> ${showHint(hint)}</p>`}
${error.reasons?.map((reason) => showError(reason))}
</div>`
}
