/** The chart in every mode and with all values of its ci folder, rendered by helm 3 and 4. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cases, chart, copyAppChart, makeTwoDatabases, modes, render, tryToRender, usual } from './charts.ts'
import { checkAll } from './check.ts'
import { at, containersOf, listAt, type Manifest, objectAt, podOf, textAt, titleOf } from './manifests.ts'
import { helm, helmMajors } from './programs.ts'
import { refused } from './refused.ts'

const titles = (manifests: readonly Manifest[]) => manifests.map(titleOf).sort()
const find = (manifests: readonly Manifest[], kind: string): Manifest => {
  const found = manifests.find((manifest) => manifest.kind === kind)
  assert.ok(found, `no ${kind}`)
  return found
}

test('there are values for every mode', () => {
  for (const mode of modes) assert.ok(cases.has(mode), mode)
  assert.equal(cases.size, readdirSync(join(chart, 'ci')).length)
})

for (const major of helmMajors) {
  for (const [name, values] of cases)
    test(`helm ${major}: ci/${name}-values.yaml`, () => {
      const lint = helm(major, ['lint', '--strict', chart, '--values', '-'], values)
      assert.equal(lint.code, 0, lint.stdout)
      assert.deepEqual(checkAll(render(major, values)), [])
    })

  test(`helm ${major}: what each mode makes`, () => {
    const made = Object.fromEntries(
      modes.map((mode) => [
        mode,
        titles(render(major, { ...usual, mode })).map((title) => title.replace(/-[0-9a-f]{8}$/, '-HASH')),
      ]),
    )
    const status = 'Pod shop-slipway-status'
    assert.deepEqual(made, {
      hook: ['Job shop-slipway-migrate', status],
      job: ['Job shop-slipway-migrate-HASH', status],
      init: [status],
      sidecar: [status],
      none: [],
    })
  })

  test(`helm ${major}: an app's chart in every mode`, () => {
    using app = copyAppChart()
    const inits: Record<string, unknown> = {}
    for (const mode of modes) {
      const manifests = render(major, { slipway: { mode } }, app.folder)
      assert.deepEqual(checkAll(manifests), [], mode)
      const pod = podOf(find(manifests, 'Deployment'))?.spec ?? {}
      inits[mode] = listAt(pod, 'initContainers').map(({ name, args, restartPolicy }) => [
        name,
        args,
        restartPolicy ?? 'once',
      ])
      assert.equal(listAt(pod, 'volumes').length, mode === 'hook' || mode === 'none' ? 0 : 1, mode)
    }
    assert.deepEqual(inits, {
      // The hook is over before the app is changed.
      hook: [],
      job: [['slipway-wait', ['wait', '--timeout=10m'], 'once']],
      init: [['slipway-up', ['up'], 'once']],
      sidecar: [['slipway', ['serve'], 'Always']],
      none: [],
    })
    const off = render(major, { slipway: { enabled: false } }, app.folder)
    assert.deepEqual(titles(off), ['Deployment shop'])
    assert.deepEqual(checkAll(off), [])
  })

  for (const [name, { values, says }] of Object.entries(refused))
    test(`helm ${major} refuses ${name}`, () => {
      const { code, stdout, stderr } = tryToRender(major, { ...usual, ...values })
      assert.notEqual(code, 0, stdout)
      assert.match(stderr, says)
    })
}

test('a plain Job has another name when anything of it is another', () => {
  const name = (values: object) =>
    find(render('4', { ...usual, mode: 'job', ...values }), 'Job').metadata.name
  const before = name({})
  assert.equal(name({}), before)
  assert.notEqual(name({ image: { ...usual.image, tag: '1.4.1' } }), before)
  assert.notEqual(name({ settings: { SLIPWAY_LOG_LEVEL: 'debug' } }), before)
})

test('the app waits as a role that may only read, where there is one', () => {
  using app = copyAppChart()
  const manifests = render(
    '4',
    { slipway: { wait: { existingSecret: 'shop-read-only', key: 'read' } } },
    app.folder,
  )
  assert.deepEqual(checkAll(manifests), [])
  const secretOf = (kind: string) => {
    const [volume] = listAt(podOf(find(manifests, kind))?.spec, 'volumes')
    return textAt(listAt(volume, 'projected.sources')[0], 'secret.name')
  }
  assert.deepEqual([secretOf('Deployment'), secretOf('Job')], ['shop-read-only', 'shop-database'])
})

test('two databases of one app, under two aliases', () => {
  using app = copyAppChart()
  const values = { ...usual, mode: 'sidecar', sidecar: { tokenSecret: 'token' } }
  const both = makeTwoDatabases(app.folder)
  const manifests = render('4', { orders: values, audit: { ...values, sidecar: { port: 7301 } } }, both)
  assert.deepEqual(checkAll(manifests), [])
  const pod = podOf(find(manifests, 'Deployment'))?.spec ?? {}
  assert.deepEqual(
    listAt(pod, 'initContainers').map(({ name }) => name),
    ['orders', 'audit'],
  )
  const jobs = render('4', { orders: usual, audit: usual }, both).filter(({ kind }) => kind === 'Job')
  assert.deepEqual(jobs.map(titleOf), ['Job shop-audit-migrate', 'Job shop-orders-migrate'])
})

test('a Job may take longer where nobody waits with a clock', () => {
  const deadline = (values: object) =>
    at(find(render('4', { ...usual, ...values }), 'Job'), 'spec.activeDeadlineSeconds')
  // Helm gives up after five minutes if it is not told otherwise.
  assert.equal(deadline({}), 270)
  assert.equal(deadline({ mode: 'job' }), 3600)
  assert.equal(deadline({ argocd: { enabled: true } }), 3600)
  assert.equal(deadline({ job: { activeDeadlineSeconds: 1200 } }), 1200)
})

test('without a Secret there is nothing to mount', () => {
  const job = find(render('4', { ...usual, database: { variables: true } }), 'Job')
  const pod = podOf(job)?.spec ?? {}
  assert.equal(pod.volumes, undefined)
  assert.equal(listAt(pod, 'containers')[0]?.volumeMounts, undefined)
})

test('a label of the pods wins over that of everything', () => {
  const job = find(render('4', cases.get('everything') ?? ''), 'Job')
  assert.equal(textAt(job.metadata, 'labels.team'), 'harbour')
  assert.deepEqual(at(podOf(job)?.metadata, 'labels.team'), 'migrations')
})

test('for Argo CD there are its own annotations alone', () => {
  const manifests = render('4', cases.get('argocd') ?? '')
  const job = find(manifests, 'Job')
  const annotations = objectAt(job.metadata, 'annotations')
  assert.equal(annotations['argocd.argoproj.io/hook'], 'Sync')
  assert.equal(annotations['argocd.argoproj.io/sync-wave'], '-1')
  assert.doesNotMatch(JSON.stringify(manifests), /helm\.sh\/hook/)
  const secret = objectAt(find(manifests, 'Secret').metadata, 'annotations')
  assert.equal(secret['argocd.argoproj.io/sync-wave'], '-2')
  const plain = find(render('4', { ...usual, mode: 'job', argocd: { enabled: true } }), 'Job')
  assert.equal(at(plain, 'spec.ttlSecondsAfterFinished'), undefined, 'Argo CD would see it go')
})

test('tenants are spread over an Indexed Job', () => {
  const job = find(render('4', cases.get('tenants') ?? ''), 'Job')
  assert.equal(at(job, 'spec.completionMode'), 'Indexed')
  const [container = {}] = containersOf(podOf(job)?.spec ?? {})
  const shard = listAt(container, 'env').find((entry) => entry.name === 'SLIPWAY_SHARD')
  assert.equal(textAt(shard, 'value'), '8')
})

test('NOTES.txt names a timeout that is longer than the Job may take', () => {
  const notes = (values: object) => {
    const args = ['install', 'shop', chart, '--namespace', 'shop', '--dry-run=client', '--values', '-']
    const { code, stdout, stderr } = helm('4', args, JSON.stringify({ ...usual, ...values }))
    assert.equal(code, 0, stderr)
    return stdout.slice(stdout.indexOf('NOTES:'))
  }
  assert.match(notes({ job: { activeDeadlineSeconds: 1200 } }), /--timeout 1230s/)
  assert.match(notes({}), /--timeout 300s/)
  const plain = notes({ mode: 'job' })
  assert.match(plain, /a Job\.[\s\S]*delete job --selector/)
  assert.doesNotMatch(plain, /--timeout/)
  assert.match(notes({ mode: 'sidecar' }), /include "slipway.initContainers" .Subcharts.slipway/)
  assert.doesNotMatch(notes({ mode: 'none' }), /helm .*test/)
})
