/** Verbs, flags and variables in manifests are those of the tables. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cases, copyAppChart, k8s, modes, render } from './charts.ts'
import { type Manifest, readManifests } from './manifests.ts'
import { build, buildGates } from './overlays.ts'
import { checkWords } from './rules/words.ts'

test('manifests say what slipway understands', () => {
  using app = copyAppChart()
  const manifests: Manifest[] = [
    ...build(join(k8s, 'example/kustomize')),
    ...buildGates(),
    ...[...cases.values()].flatMap((values) => render('4', values)),
    ...modes.flatMap((mode) => render('4', { slipway: { mode } }, app.folder)),
  ]
  assert.ok(manifests.length > 10)
  assert.deepEqual(manifests.flatMap(checkWords), [])
})

const job = readFileSync(join(k8s, 'base/job.yaml'), 'utf8')
const sidecar = readFileSync(join(k8s, 'components/sidecar/patch.yaml'), 'utf8')

for (const [of, text, by, found] of [
  [job, 'args: [up]', 'args: [apply]', /^migrate: apply is no verb$/],
  [job, 'args: [up]', 'args: []', /is no verb/],
  [job, 'args: [up]', 'args: [up, --wait]', /^migrate: up has no flag wait$/],
  [job, 'args: [up]', 'args: [up, --listen=0.0.0.0:7300]', /up has no flag listen/],
  [sidecar, 'name: SLIPWAY_LISTEN', 'name: SLIPWAY_PORT', /^slipway: SLIPWAY_PORT is no setting$/],
  [sidecar, 'SLIPWAY_DATABASE_URL_FILE', 'SLIPWAY_DATABASE_FILE', /SLIPWAY_DATABASE_FILE is no setting/],
] as const)
  test(`found: ${by}`, () => {
    const broken = of.replace(text, by)
    assert.notEqual(broken, of)
    assert.deepEqual(readManifests(of).flatMap(checkWords), [])
    assert.match(readManifests(broken).flatMap(checkWords).join('\n'), found)
  })
