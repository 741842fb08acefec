/** Debian's Chromium, driven by Playwright: what a person sees, and what an assistive technology is told. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'

const executablePath = process.env.TEST_CHROMIUM ?? '/usr/bin/chromium'

/** For tests that need it: why they are skipped, or false. Where `TEST_BROWSER` is `required` they are not skipped but fail. */
export const withoutBrowser: string | false =
  !existsSync(executablePath) && process.env.TEST_BROWSER !== 'required'
    ? 'Chromium is not installed (apt-get install chromium)'
    : false

/** It keeps to itself: without these it looks for the hosts of its maker. */
const quietly = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: quietly })
}

export interface Window extends AsyncDisposable {
  readonly page: Page
  /** What the browser complained of: messages of its console, errors of scripts, requests to elsewhere. */
  readonly complaints: readonly string[]
}

export interface WindowOptions {
  readonly colors?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
  /** As `user:password`. */
  readonly login?: { readonly username: string; readonly password: string }
}

export async function openWindow(
  browser: Browser,
  url: string,
  options: WindowOptions = {},
): Promise<Window> {
  const { colors = 'light', width = 1100, height = 900, login } = options
  const context = await browser.newContext({
    colorScheme: colors,
    viewport: { width, height },
    reducedMotion: 'reduce',
    ...(login === undefined ? {} : { httpCredentials: login }),
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
}

/** Every rule of axe that applies to a page: https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md */
export async function requireAccessible(page: Page): Promise<void> {
  const { violations, incomplete } = await new AxeBuilder({ page }).analyze()
  const shown = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join('\n  ')}`,
  )
  assert.deepEqual(shown, [])
  // It does not judge a single sign; those stand beside the word they mean.
  const isSign = (html: string) => /aria-hidden="true">.<\/span>$/u.test(html)
  const unclear = incomplete.filter(({ id }) => id === 'color-contrast').flatMap(({ nodes }) => nodes)
  const unjudged = unclear.map(({ html }) => html).filter((html) => !isSign(html))
  assert.deepEqual(unjudged, [], 'contrasts that axe cannot tell')
}
