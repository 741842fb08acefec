/**
 * What only Kubernetes itself can say: that its API takes every manifest, at the "restricted" level, and what a Job does
 * about each exit code. `node test/k8s/cluster/build.ts` first; without it these are skipped, unless TEST_CLUSTER=required.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { exitCodeRows } from '../../scripts/exit-code-rows.ts'
import { until } from '../helpers/until.ts'
import { cases, copyAppChart, k8s, modes, tryToRender } from './charts.ts'
import { type Play, playIn } from './cluster/play.ts'
import { type Cluster, clusterSkip, startCluster } from './cluster/start.ts'
import { at, type Json, listAt, type Manifest, objectAt, textAt, titleOf } from './manifests.ts'
import { buildGates } from './overlays.ts'
import { yaml } from './packages.ts'
import { helmMajors, kubectl } from './programs.ts'

const skip = clusterSkip()
let cluster: Cluster
let play: Play
before(
  async () => {
    if (skip) return
    cluster = await startCluster()
    play = playIn(cluster)
  },
  { timeout: 150_000 },
)
after(() => cluster?.[Symbol.asyncDispose]())

/** Nothing is made, but everything is checked as if it were. */
function tryOut(manifests: string): string {
  const args = ['apply', '--dry-run=server', '--validate=strict', '--namespace', 'shop', '--filename', '-']
  const { code, stderr } = cluster.kubectl(args, manifests)
  return code === 0 ? stderr.replace(/^Warning: .*last-applied-configuration.*\n/m, '') : `${code}: ${stderr}`
}

for (const major of helmMajors)
  test(`the API takes what helm ${major} renders`, { skip }, () => {
    using app = copyAppChart()
    const renderings = [
      ...[...cases].map(([name, values]) => [name, tryToRender(major, values)] as const),
      ...modes.map(
        (mode) => [`app, ${mode}`, tryToRender(major, { slipway: { mode } }, app.folder)] as const,
      ),
    ].filter(([name]) => name !== 'none')
    assert.ok(renderings.length > 15)
    for (const [name, { stdout }] of renderings) assert.equal(tryOut(stdout), '', name)
  })

test('the API takes what kustomize makes', { skip }, () => {
  for (const folder of ['base', 'example/kustomize'])
    assert.equal(tryOut(kubectl(['kustomize', join(k8s, folder)]).stdout), '', folder)
  for (const app of ['Deployment', 'StatefulSet', 'DaemonSet'].flatMap((kind) => buildGates(kind)))
    assert.equal(tryOut(JSON.stringify(app)), '', titleOf(app))
})

test('the API refuses what is wrong', { skip }, () => {
  const { stdout } = kubectl(['kustomize', join(k8s, 'base')])
  assert.match(tryOut(stdout.replace('backoffLimit', 'backofLimit')), /unknown field/)
  assert.match(tryOut(stdout.replace('restartPolicy: Never', 'restartPolicy: OnFailure')), /restartPolicy/)
  assert.match(tryOut(stdout.replace('runAsNonRoot: true', 'runAsNonRoot: false')), /violate PodSecurity/)
})

/** The base's Job under another name. */
function makeJob(name: string, overlay: (job: Manifest) => Json = (job) => job): void {
  const [base] = yaml.parseAllDocuments(kubectl(['kustomize', join(k8s, 'base')]).stdout)
  const job = base?.toJSON() as Manifest
  const whole = overlay({ ...job, metadata: { ...job.metadata, name } })
  play.ask(['create', '--filename', '-'], JSON.stringify(whole))
}

const podsOf = (job: string) => play.get('pods', `job-name=${job}`)
const podOf = (job: string, count = 1) =>
  until(`${job} has ${count} pods`, () => podsOf(job).length === count && podsOf(job), { everyMs: 200 })

const jobOf = (name: string) => JSON.parse(play.ask(['get', 'job', name, '--output', 'json'])) as Manifest
const conditionOf = (name: string, type: string) =>
  listAt(jobOf(name), 'status.conditions').find((one) => one.type === type && one.status === 'True')

/** Once there is a verdict, or the next pod. */
async function outcomeOf(job: string): Promise<string> {
  return until(
    `${job} goes on or ends`,
    () => {
      const failed = conditionOf(job, 'Failed')
      if (failed !== undefined) return `ends: ${textAt(failed, 'reason')}`
      return podsOf(job).length === 2 && `again, ${at(jobOf(job), 'status.failed') ?? 0} failed`
    },
    { timeoutMs: 60_000, everyMs: 500 },
  )
}

test('a Job does about each exit code what the table says', { skip, timeout: 240_000 }, async () => {
  const codes = Object.keys(exitCodeRows).filter((code) => code !== '0')
  for (const code of [...codes, '143-evicted']) makeJob(`exit-${code}`)
  for (const code of codes) play.end((await podOf(`exit-${code}`))[0], Number(code))
  play.end((await podOf('exit-143-evicted'))[0], 143, true)
  for (const code of codes) {
    const { job } = objectAt(exitCodeRows as unknown as Json, code)
    const expected = job === 'FailJob' ? 'ends: PodFailurePolicy' : 'again, 1 failed'
    assert.equal(await outcomeOf(`exit-${code}`), expected, code)
  }
  assert.equal(await outcomeOf('exit-143-evicted'), 'again, 0 failed')
})

test('at its deadline a Job loses its pod, and with it the log', { skip }, async () => {
  makeJob('late')
  await podOf('late')
  play.ask(['patch', 'job', 'late', '--type=merge', '--patch', '{"spec":{"activeDeadlineSeconds":1}}'])
  const failed = await until('the Job ends', () => conditionOf('late', 'Failed'), { everyMs: 200 })
  assert.equal(textAt(failed, 'reason'), 'DeadlineExceeded')
  // docs/deploy/kubernetes.md says where to look instead.
  await until('its pod is gone', () => podsOf('late').length === 0, { everyMs: 200 })
})

test('a tenants’ Job does the other parts when one fails for good', { skip }, async () => {
  const { stdout } = kubectl(['kustomize', join(k8s, 'example/kustomize')])
  const indexed = yaml
    .parseAllDocuments(stdout)
    .map((document) => document.toJSON() as Manifest)
    .find(({ kind }) => kind === 'Job')
  makeJob('tenants', (job) => ({
    ...job,
    spec: { ...objectAt(indexed, 'spec'), completions: 2, maxFailedIndexes: 2, parallelism: 2 },
  }))
  const pods = await podOf('tenants', 2)
  const byIndex = (index: string) =>
    pods.find((pod) => pod.metadata.name.startsWith(`tenants-${index}-`)) as Manifest
  play.end(byIndex('0'), 70)
  play.end(byIndex('1'), 0)
  const failed = await until('the Job ends', () => conditionOf('tenants', 'Failed'), { everyMs: 200 })
  assert.equal(textAt(failed, 'reason'), 'FailedIndexes')
  assert.deepEqual(
    [at(jobOf('tenants'), 'status.completedIndexes'), at(jobOf('tenants'), 'status.failedIndexes')],
    ['1', '0'],
  )
})
