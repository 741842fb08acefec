/** What the page loads, by its address: from memory, and from nowhere else. */
import { text as icon } from './icon.svg'
import { text as script } from './live.browser.js'
import { text as style } from './page.css'

export const assets: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  '/icon.svg': { type: 'image/svg+xml', body: icon },
  '/page.css': { type: 'text/css; charset=utf-8', body: style },
  '/page.js': { type: 'text/javascript; charset=utf-8', body: script },
}
