/** What becomes of values that people give in earnest: nothing at all, names that look like numbers, a proxy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readListen } from '../../src/config/listen.ts'
import { cases, copyAppChart, modes, render, usual } from './charts.ts'
import { checkAll } from './check.ts'
import { at, containersOf, envOf, listAt, type Manifest, podOf } from './manifests.ts'
import { helmMajors } from './programs.ts'

function podSpecOf(manifests: readonly Manifest[], kind: string) {
  const found = manifests.find((manifest) => manifest.kind === kind)
  assert.ok(found, `no ${kind}`)
  return podOf(found)?.spec ?? {}
}

/** The sidecar of the app's chart. */
function sidecarWith(folder: string, values: object) {
  const manifests = render('4', { slipway: { mode: 'sidecar', ...values } }, folder)
  const [container = {}] = listAt(podSpecOf(manifests, 'Deployment'), 'initContainers')
  return container
}

for (const major of helmMajors)
  test(`helm ${major}: OpenShift chooses user and group itself`, () => {
    using app = copyAppChart()
    const nulls = [{ podSecurityContext: null }, { podSecurityContext: { fsGroup: null } }]
    for (const none of nulls) {
      const values = { runAsUser: null, ...none }
      const manifests = [
        ...render(major, { ...usual, ...values }),
        ...modes.flatMap((mode) => render(major, { slipway: { mode, ...values } }, app.folder)),
      ].filter(({ kind }) => kind !== 'Deployment')
      assert.deepEqual(checkAll(manifests.slice(0, 2)), [])
      assert.doesNotMatch(JSON.stringify(manifests), /"(runAsUser|runAsGroup|fsGroup)"/)
    }
  })

test('a sidecar waits nearly as long as its startup probe, if it is not told otherwise', () => {
  using app = copyAppChart()
  const waits = (values: object) =>
    ['SLIPWAY_WAIT_TIMEOUT', 'SLIPWAY_LOCK_TIMEOUT'].map((name) =>
      envOf(sidecarWith(app.folder, values), name),
    )
  assert.deepEqual(waits({}), ['1500s', '1500s'])
  assert.deepEqual(waits({ sidecar: { startupSeconds: 120 } }), ['100s', '100s'])
  assert.deepEqual(waits({ settings: { SLIPWAY_WAIT_TIMEOUT: '5m' } }), ['5m', '1500s'])
  const own = [{ name: 'SLIPWAY_LOCK_TIMEOUT', value: '1m' }]
  assert.deepEqual(waits({ extraEnv: own }), ['1500s', '1m'])
  // `helm test` has two minutes.
  const [status = {}] = containersOf(podSpecOf(render('4', { ...usual, mode: 'sidecar' }), 'Pod'))
  assert.equal(envOf(status, 'SLIPWAY_WAIT_TIMEOUT'), '60s')
})

test('a sidecar listens where the kubelet gets to', () => {
  using app = copyAppChart()
  for (const address of ['0.0.0.0', '10.0.0.7', '[::]', '[fd00::7]']) {
    const listen = envOf(sidecarWith(app.folder, { sidecar: { address } }), 'SLIPWAY_LISTEN')
    assert.equal(listen, `${address}:7300`)
    const source = { kind: 'option', key: 'listen' } as const
    assert.equal(readListen({ text: listen ?? '', source, base: '' }).port, 7300)
  }
})

test('a Job waits less than Helm does, and one variable wins over the default', () => {
  const waits = (values: object) => {
    const [container = {}] = containersOf(podSpecOf(render('4', { ...usual, ...values }), 'Job'))
    return ['SLIPWAY_WAIT_TIMEOUT', 'SLIPWAY_LOCK_TIMEOUT'].map((name) => envOf(container, name))
  }
  assert.deepEqual(waits({}), ['60s', '2m'])
  assert.deepEqual(waits({ settings: { SLIPWAY_LOCK_TIMEOUT: '90s' } }), ['60s', '90s'])
  assert.deepEqual(waits({ settings: { SLIPWAY_LOCK_TIMEOUT: 0 } }), ['60s', '0'])
  assert.deepEqual(waits({ extraEnv: [{ name: 'SLIPWAY_WAIT_TIMEOUT', value: '30s' }] }), ['30s', '2m'])
})

test('helm test gets to the database as the Job does', () => {
  const manifests = render('4', cases.get('everything') ?? '')
  const [job, status] = ['Job', 'Pod'].map((kind) => listAt(podSpecOf(manifests, kind), 'initContainers'))
  assert.equal(job?.length, 1)
  assert.deepEqual(status, job)
})

test('names that look like numbers or truth stay names', () => {
  const values = {
    ...usual,
    nameOverride: '123',
    fullnameOverride: '456',
    database: { existingSecret: '789', key: 'true' },
    serviceAccountName: '1000',
    wait: { existingSecret: '12', key: 'null' },
    sidecar: { tokenSecret: '34', tokenKey: '0' },
    networkPolicy: { enabled: true },
  }
  using app = copyAppChart()
  for (const mode of modes) {
    const manifests = [
      ...render('4', { ...values, mode }),
      ...render('4', { slipway: { ...values, mode } }, app.folder),
    ]
    // They are checked against the API's types.
    for (const part of [manifests.filter((one) => !isOfApp(one)), manifests.filter(isOfApp)])
      assert.deepEqual(
        checkAll(part).filter((line) => !line.includes('is there twice')),
        [],
        mode,
      )
  }
})

const isOfApp = ({ kind }: Manifest) => kind === 'Deployment'

test('the NetworkPolicy of a hook is not that of a release', () => {
  const name = (values: object) => {
    const given = { ...usual, networkPolicy: { enabled: true }, ...values }
    return at(
      render('4', given).find(({ kind }) => kind === 'NetworkPolicy'),
      'metadata.name',
    )
  }
  assert.equal(name({}), 'shop-slipway-migrate-hook')
  assert.equal(name({ mode: 'job' }), 'shop-slipway-migrate')
  assert.equal(name({ argocd: { enabled: true } }), 'shop-slipway-migrate')
})
