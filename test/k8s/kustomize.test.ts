/** The base, each component with it, and the example, as kubectl builds them. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { k8s } from './charts.ts'
import { checkAll } from './check.ts'
import { at, listAt, type Manifest, podOf, readManifests, titleOf } from './manifests.ts'
import { yaml } from './packages.ts'
import { kubectl } from './programs.ts'

function build(folder: string): Manifest[] {
  const { code, stdout, stderr } = kubectl(['kustomize', folder])
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '', 'kubectl warns')
  return readManifests(stdout)
}

/** The base with an overlay, beside the example, since kustomize reads nothing from elsewhere. */
function buildOverlay(overlay: object): Manifest[] {
  return inOverlay((folder) => {
    const from = (path: string) => relative(folder, join(k8s, path))
    return { ...overlay, resources: [from('base')], components: [from('components/network-policy')] }
  })
}

function inOverlay(makeOverlay: (folder: string) => object): Manifest[] {
  const root = join(k8s, '../test/tmp')
  mkdirSync(root, { recursive: true })
  const folder = mkdtempSync(join(root, 'overlay-'))
  try {
    writeFileSync(join(folder, 'kustomization.yaml'), yaml.stringify(makeOverlay(folder)))
    return build(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An app behind a gate. */
function buildApp(gate: string, app: object): Manifest[] {
  return inOverlay((folder) => {
    writeFileSync(join(folder, 'app.yaml'), yaml.stringify(app))
    return { resources: ['app.yaml'], components: [relative(folder, join(k8s, `components/${gate}`))] }
  })
}

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

test('the example uses every component, and each app starts behind its gate', () => {
  const manifests = build(join(k8s, 'example/kustomize'))
  assert.deepEqual(checkAll(manifests), [])
  const gates = manifests
    .filter(({ kind }) => kind === 'Deployment')
    .map((manifest) => [
      manifest.metadata.name,
      listAt(podOf(manifest)?.spec, 'initContainers').map(({ name, args }) => `${name}: ${args}`),
    ])
  assert.deepEqual(Object.fromEntries(gates), {
    shop: ['slipway-wait: wait,--timeout=10m', 'warm-up: warm-up'],
    admin: ['slipway-up: up', 'warm-up: warm-up'],
    reports: ['slipway: serve', 'warm-up: warm-up'],
  })
  const job = manifests.find(({ kind }) => kind === 'Job')
  assert.equal(at(job, 'spec.completionMode'), 'Indexed')
  const secret = manifests.find(({ kind }) => kind === 'Secret')?.metadata.name
  assert.match(JSON.stringify(job), new RegExp(`"${secret}"`), 'the Secret’s hash is in its name')
})

test('a gate for other kinds leaves the grace period of the app alone', () => {
  const apps = readFileSync(join(k8s, 'example/kustomize/apps.yaml'), 'utf8')
  const patient = apps.replace(/^ {4}spec:$/m, '$&\n      terminationGracePeriodSeconds: 300')
  const [shop] = readManifests(patient)
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'])
    for (const gate of ['wait', 'up', 'sidecar']) {
      const metadata = { name: 'shop', labels: { 'slipway/gate': gate } }
      const [app] = buildApp(gate, { ...shop, kind, metadata })
      const pod = podOf(app as Manifest)?.spec
      assert.equal(listAt(pod, 'initContainers').length, 2, `${gate} in a ${kind}`)
      assert.equal(pod?.terminationGracePeriodSeconds, 300)
    }
})
