/** Every relative link of every page leads somewhere, and so does every path that a page names. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readAnchors, readCode, readLinks } from './markdown.ts'

const root = join(import.meta.dirname, '../..')
const pages = globSync(['*.md', 'docs/**/*.md', 'migrations/*.md'], { cwd: root }).sort()

test('there are pages', () => {
  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/formats.md', 'migrations/README.md'])
    assert.ok(pages.includes(page), page)
})

for (const page of pages) {
  const text = readFileSync(join(root, page), 'utf8')
  test(`links of ${page}`, () => {
    assert.deepEqual(
      readLinks(text).filter((target) => !leadsSomewhere(page, target)),
      [],
    )
  })
  test(`paths in ${page}`, () => {
    const paths = readCode(text).filter((code) => /^(?:src|test|docs|bench|scripts)\/[\w./*-]+$/.test(code))
    assert.deepEqual(
      paths.filter((path) => !isThere(path)),
      [],
    )
  })
}

function leadsSomewhere(page: string, target: string): boolean {
  if (/^https?:/.test(target)) return true
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, file))) return false
  return anchor === undefined || readAnchors(readFileSync(join(root, file), 'utf8')).includes(anchor)
}

function isThere(path: string): boolean {
  return path.includes('*') ? globSync(path, { cwd: root }).length > 0 : existsSync(join(root, path))
}
