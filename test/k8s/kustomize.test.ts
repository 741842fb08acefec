/** The base, each component with it, and the example, as kubectl builds them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { k8s } from './charts.ts'
import { checkAll } from './check.ts'
import { at, containersOf, envOf, listAt, type Manifest, podOf, titleOf } from './manifests.ts'
import { build, buildGates, buildOverlay } from './overlays.ts'

test('the base is one Job', () => {
  const manifests = build(join(k8s, 'base'))
  assert.deepEqual(manifests.map(titleOf), ['Job migrate'])
  assert.deepEqual(checkAll(manifests), [])
})

test('an overlay sets image, namespace and prefix', () => {
  const manifests = buildOverlay({
    namePrefix: 'shop-',
    namespace: 'shop',
    images: [{ name: 'slipway-migrations', newName: 'registry.example/shop', newTag: '1.4.0' }],
  })
  assert.deepEqual(checkAll(manifests), [])
  const job = manifests.find(({ kind }) => kind === 'Job')
  assert.equal(job?.metadata.name, 'shop-migrate')
  assert.equal(listAt(podOf(job as Manifest)?.spec, 'containers')[0]?.image, 'registry.example/shop:1.4.0')
})

test('the example is a Job for tenants, and an app that waits for the same ones', () => {
  const manifests = build(join(k8s, 'example/kustomize'))
  assert.deepEqual(checkAll(manifests), [])
  const app = manifests.find(({ kind }) => kind === 'Deployment')
  const job = manifests.find(({ kind }) => kind === 'Job')
  assert.ok(app && job)
  assert.deepEqual(argsOf(app), ['slipway-wait: wait,--timeout=10m', 'warm-up: warm-up'])
  for (const manifest of [app, job]) {
    const [container = {}] = containersOf(podOf(manifest)?.spec ?? {})
    assert.equal(envOf(container, 'SLIPWAY_TENANTS'), 'select schema_name from customers')
  }
  assert.equal(at(job, 'spec.completionMode'), 'Indexed')
  const secret = manifests.find(({ kind }) => kind === 'Secret')?.metadata.name
  assert.match(JSON.stringify(job), new RegExp(`"${secret}"`), 'the Secret’s hash is in its name')
})

for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'])
  test(`each gate of a ${kind} comes first, and leaves the app's grace period alone`, () => {
    const apps = buildGates(kind, { terminationGracePeriodSeconds: 300 })
    assert.deepEqual(checkAll(apps), [])
    assert.deepEqual(Object.fromEntries(apps.map((app) => [app.metadata.name, argsOf(app)])), {
      wait: ['slipway-wait: wait,--timeout=10m', 'warm-up: warm-up'],
      up: ['slipway-up: up', 'warm-up: warm-up'],
      sidecar: ['slipway: serve', 'warm-up: warm-up'],
    })
    for (const app of apps) assert.equal(podOf(app)?.spec.terminationGracePeriodSeconds, 300)
  })

function argsOf(app: Manifest): string[] {
  return listAt(podOf(app)?.spec, 'initContainers').map(({ name, args }) => `${name}: ${args}`)
}
