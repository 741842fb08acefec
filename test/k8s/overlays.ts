/** The base and the components as kubectl builds them, alone and beneath an overlay. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { k8s } from './charts.ts'
import { type Manifest, objectAt, readManifests } from './manifests.ts'
import { yaml } from './packages.ts'
import { kubectl } from './programs.ts'

export const gates = ['wait', 'up', 'sidecar'] as const

export function build(folder: string): Manifest[] {
  const { code, stdout, stderr } = kubectl(['kustomize', folder])
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '', 'kubectl warns')
  return readManifests(stdout)
}

/** The base with an overlay, beside the example, since kustomize reads nothing from elsewhere. */
export function buildOverlay(overlay: object): Manifest[] {
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
export function buildApp(gate: string, app: object): Manifest[] {
  return inOverlay((folder) => {
    writeFileSync(join(folder, 'app.yaml'), yaml.stringify(app))
    return { resources: ['app.yaml'], components: [relative(folder, join(k8s, `components/${gate}`))] }
  })
}

/** The app of the example behind each gate. */
export function buildGates(kind = 'Deployment', pod: object = {}): Manifest[] {
  const [app] = readManifests(readFileSync(join(k8s, 'example/kustomize/app.yaml'), 'utf8'))
  const spec = objectAt(app, 'spec')
  const template = { ...objectAt(spec, 'template'), spec: { ...objectAt(spec, 'template.spec'), ...pod } }
  const { replicas, ...others } = spec
  const all = kind === 'DaemonSet' ? others : { ...others, replicas }
  return gates.flatMap((gate) => {
    const metadata = { name: gate, namespace: 'shop', labels: { 'slipway/gate': gate } }
    return buildApp(gate, { ...app, kind, metadata, spec: { ...all, template } })
  })
}
