/** Verbs, flags and variables in manifests are those of the tables. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { verbNames } from '../../src/config/verbs.ts'
import { cases, copyAppChart, k8s, modes, render } from './charts.ts'
import { type Manifest, readManifests } from './manifests.ts'
import { kubectl } from './programs.ts'
import { checkWords } from './rules/words.ts'

const words: readonly string[] = verbNames
const skip = words.includes('serve') ? false : 'this version has no serve and no tenants'

test('manifests say what slipway understands', { skip }, () => {
  using app = copyAppChart()
  const manifests: Manifest[] = [
    ...readManifests(kubectl(['kustomize', join(k8s, 'example/kustomize')]).stdout),
    ...[...cases.values()].flatMap((values) => render('4', values)),
    ...modes.flatMap((mode) => render('4', { slipway: { mode } }, app.folder)),
  ]
  assert.ok(manifests.length > 10)
  assert.deepEqual(manifests.flatMap(checkWords), [])
})
