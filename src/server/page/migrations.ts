/** Every migration and its state, the newest first. */
import type { MigrationState } from '../../plan/migration.ts'
import { formatDuration, formatInstant } from '../../text/format-time.ts'
import type { View } from '../view.ts'
import { breakable, type Html, html } from './html.ts'

/** Of those that are applied; `slipway history` lists all. */
const shownApplied = 100
const shownOthers = 400

const signs: Readonly<Record<Row['state'], string>> = {
  running: '◌',
  applied: '✓',
  archived: '✓',
  skipped: '–',
  pending: '○',
  ahead: '↑',
  changed: '✗',
  missing: '✗',
  late: '✗',
  unfinished: '✗',
}

type Migration = NonNullable<View['status']>['migrations'][number]

/** What is unfinished while somebody holds the run lock is being worked on. */
type Row = Omit<Migration, 'state'> & { readonly state: MigrationState | 'running'; readonly failed: boolean }

export function showMigrations({ status, lock, failures }: View): Html {
  if (status === null)
    return html`<div class="card"><h2 id="migrations-title" tabindex="-1">Migrations</h2><p class="quiet">The database was not read yet.</p></div>`
  const failed = new Set(failures.map(({ migration }) => migration))
  const rows = status.migrations.map((row): Row => {
    return row.state === 'unfinished' && lock.held
      ? { ...row, state: 'running', appliedAt: null, durationMs: null, failed: false }
      : { ...row, failed: failed.has(row.name) }
  })
  const { unfinished, ...others } = status.counts
  const counts = Object.entries({ ...others, [lock.held ? 'running' : 'unfinished']: unfinished }).filter(
    ([state, count]) => count > 0 || state === 'applied' || state === 'pending',
  )
  const { shown, hidden } = choose(rows)
  return html`<div class="card">
<h2 id="migrations-title" tabindex="-1">Migrations</h2>
<ul class="counts">${counts.map(([state, count]) => html`<li class="${state} ${count === 0 && 'none'}"><strong>${count}</strong> ${state}</li>`)}</ul>
${shown.length > 0 ? showTable(shown) : html`<p class="quiet">There are none.</p>`}
${hidden > 0 && html`<p class="quiet">${hidden} more are not shown; <code>slipway history</code> lists them.</p>`}
</div>`
}

function choose(migrations: readonly Row[]): { readonly shown: readonly Row[]; readonly hidden: number } {
  let [applied, others] = [0, 0]
  const shown = migrations.toReversed().filter(({ state }) => {
    if (state === 'applied' || state === 'archived') return ++applied <= shownApplied
    return ++others <= shownOthers
  })
  return { shown, hidden: migrations.length - shown.length }
}

/** The roles are repeated since a narrow page lays the rows out otherwise, and then browsers forget them. */
function showTable(rows: readonly Row[]): Html {
  return html`<table role="table">
<thead role="rowgroup"><tr role="row">${['Migration', 'State', 'Applied', 'Took', 'By'].map((title) => html`<th role="columnheader" scope="col">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">
${rows.map(showRow)}
</tbody>
</table>`
}

function showRow({ name, state, appliedAt, durationMs, appliedBy, failed }: Row): Html {
  const at = appliedAt && html`<time datetime="${appliedAt}">${formatInstant(new Date(appliedAt))}</time>`
  const took = durationMs !== null && formatDuration(durationMs)
  return html`<tr role="row" class="${state}"><th role="rowheader" scope="row">${breakable(name)}</th><td role="cell" class="state"><span><span aria-hidden="true">${signs[state]}</span> ${state}</span>${failed && html` <small>failed last time</small>`}</td><td role="cell">${at}</td><td role="cell">${took}</td><td role="cell">${appliedBy}</td></tr>
`
}
