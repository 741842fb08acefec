/**
 * The status page in a browser: a live run without a reload, an edited file, a failed run; in light, dark and on a
 * phone. `TEST_SCREENSHOTS=1` writes the pictures of docs/images/ anew.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openBrowser, openWindow, requireAccessible, withoutBrowser } from '../helpers/browser.ts'
import { openPlace } from '../helpers/place.ts'
import { startServing } from '../helpers/serving.ts'
import { until } from '../helpers/until.ts'

const images = join(import.meta.dirname, '../../docs/images')

async function takePicture(page: Page, name: string): Promise<void> {
  if (process.env.TEST_SCREENSHOTS === undefined) return
  mkdirSync(images, { recursive: true })
  await page.screenshot({ path: join(images, `status-page-${name}.png`), fullPage: true })
}

const phone = { width: 390, height: 844 }

/** A shop that is there already. */
const shop = {
  '20260105090000_create_customers.sql':
    'create table customers (id integer primary key, name text not null);\n',
  '20260112143000_create_orders.sql':
    'create table orders (id integer primary key, customer_id integer not null, total numeric);\n',
  '20260120101500_add_customer_email.sql': 'alter table customers add column email text;\n',
  '20260203083000_create_invoices.sql':
    'create table invoices (id integer primary key, order_id integer not null);\n',
} as const

/** Works for long, unless what is left to do is taken away. */
const backfill = `import type { Migration, MigrationOptions } from 'slipway'
export const options: MigrationOptions = { transaction: false, resumable: true }
export const up: Migration = async ({ backfill }) => {
  await backfill({ table: 'readings', set: 'celsius = (fahrenheit - 32) * 5 / 9', where: 'celsius is null', batch: 50, pause: '40ms' })
}
`

/** Answers 502 until it was asked for the stream. */
async function standIn(port: number): Promise<void> {
  const proxy = createServer((_, response) => {
    response.writeHead(502).end()
    proxy.close()
    proxy.closeIdleConnections()
  })
  proxy.listen(port, '127.0.0.1')
  await once(proxy, 'close')
}

describe('in a browser', { skip: withoutBrowser }, () => {
  let browser: Browser
  before(async () => {
    browser = await openBrowser()
  })
  after(() => browser.close())

  test('a run is seen as it goes and ends, without a reload', async () => {
    await using place = await openPlace('postgres', shop)
    await place.expect(0, 'up')
    await place.change(
      'create table readings (id integer primary key, fahrenheit numeric not null, celsius numeric); insert into readings (id, fahrenheit) select n, n % 120 from generate_series(1, 40000) n',
    )
    place.workspace.write({
      'migrations/20260301120000_index_orders.sql': 'create index orders_customer on orders (customer_id);\n',
      'migrations/20260302070000_fill_celsius.ts': backfill,
      'migrations/20260303094500_create_refunds.sql': 'create table refunds (id integer primary key);\n',
    })
    await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
    await using window = await openWindow(browser, serving.url)
    const { page } = window
    const marker = await page.evaluate("window.marker = 'not reloaded'")

    await page.getByRole('heading', { name: 'Migrating' }).waitFor()
    const work = page.getByRole('progressbar', { name: /backfill of .*readings: [\d,]+ of/ })
    await work.waitFor()
    const first = await work.getAttribute('value')
    await until('it goes on', async () => Number(await work.getAttribute('value')) > Number(first))
    assert.equal(await page.getByRole('row', { name: /create_refunds pending/ }).count(), 1)
    await page.getByText(/Held by this run, pid \d+ \(slipway\/.* pod-x\)/).waitFor()
    await page.getByRole('row', { name: /fill_celsius running/ }).waitFor()
    assert.equal(await page.getByText('slipway repair').count(), 0, 'what runs is not called unfinished')
    await page.getByText(/^Running for \d+ s\.$/).waitFor()
    await requireAccessible(page)
    await takePicture(page, 'migrating')

    await place.change('delete from readings where celsius is null')
    await page.getByRole('heading', { name: 'Ready' }).waitFor()
    await page.getByRole('row', { name: /create_refunds applied/ }).waitFor()
    assert.equal(await page.getByRole('status').textContent(), 'Ready')
    assert.match(await page.title(), /^✓ slipway/)
    await page.getByText('Nobody holds the run lock.').waitFor()
    assert.equal(await page.getByRole('row', { name: / applied / }).count(), 7)
    await requireAccessible(page)
    assert.equal(await page.evaluate('window.marker'), marker)
    assert.deepEqual(window.complaints, [])

    // An edit and a new file: seen by a page that stays open.
    place.workspace.write({
      'migrations/20260120101500_add_customer_email.sql':
        'alter table customers add column email varchar(200);\n',
      'migrations/20260310080000_add_index.sql': 'create index refunds_id on refunds (id);\n',
    })
    const edited = page.getByRole('row', { name: /add_customer_email changed/ })
    await edited.waitFor()
    const red = await page.evaluate<string>(
      "getComputedStyle(document.querySelector('tr.changed td.state > span')).color",
    )
    const [r = 0, g = 0, b = 0] = red.match(/\d+/g)?.map(Number) ?? []
    assert.ok(r > g + 50 && r > b + 50, `not red: ${red}`)
    await page.getByRole('row', { name: /add_index pending/ }).waitFor()
    await page.getByRole('heading', { name: 'To look at' }).waitFor()
    await requireAccessible(page)
    await takePicture(page, 'changed')
    assert.deepEqual(window.complaints, [])

    for (const [name, options] of [
      ['dark', { colors: 'dark' }],
      ['phone', phone],
    ] as const) {
      await using other = await openWindow(browser, serving.url, options)
      await other.page.getByRole('row', { name: /add_customer_email changed/ }).waitFor()
      const [wide, narrow] = await other.page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      )
      assert.equal(wide, narrow, `${name}: it has to be scrolled sideways`)
      await requireAccessible(other.page)
      await takePicture(other.page, name)
      assert.deepEqual(other.complaints, [])
    }

    // A page whose server is gone says so.
    assert.equal(await serving.stop(), 0)
    await page.getByRole('alert').waitFor()
    assert.match((await page.getByRole('alert').textContent()) ?? '', /connection is lost/)
    // And finds the next one, also behind a proxy that meanwhile says that there is none.
    const { port } = new URL(serving.url)
    await standIn(Number(port))
    const env = { ...place.env, SLIPWAY_LISTEN: `127.0.0.1:${port}` }
    await using again = await startServing({ cwd: place.workspace.dir, env })
    assert.equal(again.url, serving.url)
    await page.getByRole('alert').waitFor({ state: 'hidden' })
    assert.equal(await page.evaluate('window.marker'), marker)
  })

  test('a run that failed, and by the keyboard alone', async () => {
    await using place = await openPlace('sqlite', {
      ...shop,
      '20260301120000_index_orders.sql':
        '-- Faster lookups by customer.\ncreate index orders_customer\n  on orders (costumer_id);\n',
      '20260303094500_create_refunds.sql': 'create table refunds (id integer primary key);\n',
    })
    await using serving = await startServing({ cwd: place.workspace.dir, env: place.env })
    await serving.until(/failed/)
    for (const [name, options] of [
      ['failed', {}],
      ['failed-dark-phone', { colors: 'dark', ...phone }],
    ] as const) {
      await using window = await openWindow(browser, serving.url, options)
      const { page } = window
      await page.getByRole('heading', { name: 'Not ready: migrating failed' }).waitFor()
      await page
        .getByText(/no column named costumer_id|no such column/)
        .first()
        .waitFor()
      await page.getByRole('row', { name: /index_orders pending/ }).waitFor()
      await requireAccessible(page)
      if (name === 'failed') await takePicture(page, name)

      await page.keyboard.press('Tab')
      const skip = page.getByRole('link', { name: 'Skip to the migrations' })
      assert.equal(await page.evaluate('document.activeElement.textContent'), await skip.textContent())
      assert.ok(((await skip.boundingBox())?.width ?? 0) > 50, 'the link is seen when it has the focus')
      await page.keyboard.press('Enter')
      assert.equal(await page.evaluate('document.activeElement.id'), 'migrations-title')
      assert.deepEqual(window.complaints, [])
    }
  })

  test('with a token the browser asks for it, and the page lives', async () => {
    await using place = await openPlace('sqlite', shop)
    place.workspace.write({ token: 'correct-horse-battery' })
    const env = { ...place.env, SLIPWAY_TOKEN_FILE: 'token' }
    await using serving = await startServing({ cwd: place.workspace.dir, env })
    const login = { username: 'anybody', password: 'correct-horse-battery' }
    await using window = await openWindow(browser, serving.url, { login })
    await window.page.getByRole('heading', { name: 'Ready' }).waitFor()
    place.workspace.write({
      'migrations/20260303094500_create_refunds.sql': 'create table refunds (id integer);\n',
    })
    await window.page.getByRole('row', { name: /create_refunds pending/ }).waitFor()
    assert.equal(await window.page.locator('#connection').isVisible(), false)
  })
})
