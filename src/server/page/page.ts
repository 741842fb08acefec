/** The status page: one document, whose parts are sent again when they change. */
import { formatInstant } from '../../text/format-time.ts'
import type { View } from '../view.ts'
import { breakable, type Html, html } from './html.ts'
import { showMigrations } from './migrations.ts'
import { showRun } from './run.ts'
import { showTrouble } from './trouble.ts'

/** By the id of the element that holds it. */
export type Parts = Readonly<
  Record<'announcement' | 'headline' | 'run' | 'trouble' | 'lock' | 'migrations' | 'read', string>
>

export function renderParts(view: View): Parts {
  return {
    announcement: html`${headlineOf(view).text}`.html,
    headline: showHeadline(view).html,
    run: showRun(view.run).html,
    trouble: showTrouble(view).html,
    lock: showLock(view).html,
    migrations: showMigrations(view).html,
    read: showRead(view).html,
  }
}

/** Addresses are relative, so that the page may stand behind a path of a proxy. */
export function renderPage(view: View): string {
  const parts = renderParts(view)
  const part = (id: keyof Parts): Html => ({ html: parts[id] })
  const database = view.status?.database
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${signs[headlineOf(view).tone]} slipway${database === undefined ? '' : ` · ${database}`}</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page.css">
<script src="page.js" type="module"></script>
</head>
<body>
<a class="skip" href="#migrations-title">Skip to the migrations</a>
<header>
<img src="icon.svg" alt="" width="36" height="36">
<h1>slipway</h1>
<p class="version">${view.slipway}</p>
</header>
<p id="connection" class="banner" role="alert" hidden>The connection is lost; what is shown may be old. Trying again …</p>
<main>
<p id="announcement" class="unseen" role="status">${part('announcement')}</p>
<section id="headline" aria-label="State">${part('headline')}</section>
<section id="trouble" aria-label="What is wrong">${part('trouble')}</section>
<section id="run" aria-label="This run">${part('run')}</section>
<section id="lock" aria-label="Run lock">${part('lock')}</section>
<section id="migrations" aria-label="Migrations">${part('migrations')}</section>
</main>
<footer><p id="read">${part('read')}</p><p>Read-only. The same as data: <a href="api/status">api/status</a>, <a href="metrics">metrics</a>.</p></footer>
</body>
</html>
`.html
}

interface Headline {
  readonly tone: 'good' | 'busy' | 'bad'
  readonly text: string
}

function headlineOf({ ready, run }: View): Headline {
  if (ready) return { tone: 'good', text: 'Ready' }
  switch (run.phase) {
    case 'starting':
      return { tone: 'busy', text: 'Starting' }
    case 'waiting-for-database':
      return { tone: 'busy', text: 'Waiting for the database' }
    case 'waiting-for-lock':
      return { tone: 'busy', text: 'Waiting for another runner' }
    case 'migrating':
      return { tone: 'busy', text: 'Migrating' }
    case 'failed':
      return { tone: 'bad', text: 'Not ready: migrating failed' }
    case 'stopped':
      return { tone: 'bad', text: 'Stopped' }
    case 'succeeded':
      return { tone: 'bad', text: 'Not ready: migrations are not applied' }
  }
}

const signs = { good: '✓', busy: '◌', bad: '✗' } as const

function showHeadline(view: View): Html {
  const { tone, text } = headlineOf(view)
  const { status } = view
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ['Database', status?.database],
    ['History', status?.historyTable],
    ['Newest applied', status === null ? undefined : (status.current ?? 'nothing yet')],
    ['Newest in this image', status?.head === status?.current ? undefined : status?.head],
  ]
  return html`<div class="card headline ${tone}" data-sign="${signs[tone]}">
<h2><span class="sign" aria-hidden="true">${signs[tone]}</span> ${text}</h2>
<p>${sentence(view.reason)}</p>
<dl>${facts.map(([name, value]) => value && html`<div><dt>${name}</dt><dd>${breakable(value)}</dd></div>`)}</dl>
</div>`
}

/** By itself: the table above stays as it is, and so does what a person has marked in it. */
function showRead({ readAt }: View): Html {
  return html`${readAt !== null && html`Database read at ${formatInstant(new Date(readAt))}.`}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function showLock({ lock, readAt }: View): Html {
  if (readAt === null) return html``
  if (!lock.held) return html`<p class="quiet">Nobody holds the run lock.</p>`
  const { own, text } = lock
  return html`<div class="card"><h2>Run lock</h2><p>Held by ${own && html`<strong>this run</strong>, `}${text}</p></div>`
}
