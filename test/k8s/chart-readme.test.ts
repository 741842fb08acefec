import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readValues, renderReadme } from './chart-readme.ts'
import { chart } from './charts.ts'
import { isObject, type Json, objectAt } from './manifests.ts'

test('the table in the chart’s README is that of values.yaml', () => {
  const message = 'node test/k8s/chart-readme.ts'
  assert.equal(readFileSync(join(chart, 'README.md'), 'utf8'), renderReadme(), message)
})

test('values.yaml and its schema have the same names', () => {
  const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Json
  const known = namesOf(objectAt(schema, 'properties'), '')
  const rows = readValues(readFileSync(join(chart, 'values.yaml'), 'utf8'))
  const given = rows.map(({ name }) => name)
  assert.deepEqual(
    given.filter((name) => !known.includes(name)),
    [],
  )
  // Of maps that stand in the table as one, what is in them does not.
  const missing = known.filter((name) => !given.some((one) => name === one || name.startsWith(`${one}.`)))
  assert.deepEqual(missing, ['enabled', 'global'])
})

function namesOf(properties: { readonly [key: string]: Json }, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const inner = objectAt(schema, 'properties')
    const parts = Object.keys(inner).length === 0 ? [] : namesOf(inner, `${prefix}${name}.`)
    return isObject(schema) && prefix === '' && parts.length > 0 && name !== 'resources' && name !== 'podSecurityContext'
      ? parts
      : [`${prefix}${name}`]
  })
}
