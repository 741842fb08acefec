import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainChanges } from '../../../src/engine/changes.ts'
import { SlipwayError } from '../../../src/errors.ts'
import type { MigrationFile } from '../../../src/plan/migration.ts'

test('a password that was edited is in neither side of the comparison', () => {
  const source = "create table t (n integer);\ncreate role b password 'later';\n"
  const file = { name: '0001_role', source, up: { shown: '0001_role.sql' } } as MigrationFile
  const reason = new SlipwayError('changed', 'edited', { migration: '0001_role' })
  const stored = new Map([['0001_role', source.replace('later', 'first')]])
  const [told] = explainChanges([reason], [file], stored)
  const excerpt = told?.facts.location?.excerpt ?? ''
  assert.match(excerpt, /^-create role b password '\*\*\*';\n\+create role b password '\*\*\*';$/m)
  assert.doesNotMatch(excerpt, /first|later/)
})
