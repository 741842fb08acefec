import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readValues, renderReadme } from './chart-readme.ts'
import { chart } from './charts.ts'
import { type Json, objectAt } from './manifests.ts'

test('the table in the chart’s README is that of values.yaml', () => {
  const message = 'node test/k8s/chart-readme.ts'
  assert.equal(readFileSync(join(chart, 'README.md'), 'utf8'), renderReadme(), message)
})

test('values.yaml and its schema have the same names', () => {
  const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Json
  const known = namesOf(schema, '')
  const rows = readValues(readFileSync(join(chart, 'values.yaml'), 'utf8'))
  const given = rows.map(({ name }) => name)
  // What may be in a map is often the user's to say.
  const isWithin = (name: string, whole: string) => name === whole || name.startsWith(`${whole}.`)
  assert.deepEqual(
    given.filter((name) => !known.some((one) => isWithin(name, one) || isWithin(one, name))),
    [],
  )
  // Or the comment of the map names it, where it has no value to show.
  const isNamed = (name: string) =>
    rows.some((row) => isWithin(name, row.name) && row.doc.includes(`\`${name.slice(row.name.length + 1)}\``))
  assert.deepEqual(
    known.filter((name) => !given.some((one) => isWithin(one, name)) && !isNamed(name)),
    // For charts that have this one as a dependency.
    ['enabled', 'global'],
  )
})

/** Of what has no properties itself. */
function namesOf(schema: Json, prefix: string): string[] {
  const properties = Object.entries(objectAt(schema, 'properties'))
  if (properties.length === 0) return [prefix.slice(0, -1)]
  return properties.flatMap(([name, inner]) => namesOf(inner, `${prefix}${name}.`))
}
