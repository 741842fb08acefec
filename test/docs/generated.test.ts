import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findStalePages, renderPages, writePages } from '../../scripts/docs-pages.ts'
import { errorTable } from '../../src/errors.ts'

const root = join(import.meta.dirname, '../..')

test('the generated pages are up to date', () => {
  assert.deepEqual(findStalePages(root), [], 'npm run docs')
})

test('--check names a page that is out of date and exits 1', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'slipway-docs-'))
  t.after(() => rmSync(copy, { recursive: true }))
  mkdirSync(join(copy, 'docs'))
  writePages(copy)
  assert.equal(checkDocs(copy).status, 0)
  appendFileSync(join(copy, 'docs/errors.md'), 'edited by hand\n')
  const check = checkDocs(copy)
  assert.equal(check.status, 1)
  assert.match(check.stderr, /docs\/errors\.md/)
  assert.doesNotMatch(check.stderr, /docs\/cli\.md/)
})

test('the page of errors has every code', () => {
  const page = renderPages().get('docs/errors.md') ?? ''
  for (const code of Object.keys(errorTable)) assert.ok(page.includes(`| \`${code}\` |`), code)
})

function checkDocs(directory: string) {
  return spawnSync(process.execPath, [join(root, 'scripts/docs.ts'), '--check', directory], {
    encoding: 'utf8',
  })
}
