/** Releases of the chart with helm 3 and 4, in a cluster in which pods end as the tests say. */
import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { until } from '../helpers/until.ts'
import { chart } from './charts.ts'
import { type Play, playIn } from './cluster/play.ts'
import { type Cluster, clusterSkip, startCluster } from './cluster/start.ts'
import { type Manifest, textAt } from './manifests.ts'
import { type HelmMajor, helmMajors, startHelm } from './programs.ts'

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

const isWaiting = (pod: Manifest) => textAt(pod, 'status.phase') === 'Pending'

/** Runs helm; every pod that appears meanwhile ends with `exitCode`. */
async function helm(major: HelmMajor, args: readonly string[], exitCode = 0) {
  const child = startHelm(major, [...args, '--namespace', 'shop', '--kubeconfig', cluster.kubeconfig])
  assert.ok(child.stdout && child.stderr)
  const printed = Promise.all([text(child.stdout), text(child.stderr)])
  let ended = 0
  const isOver = () => {
    if (child.exitCode !== null) return true
    const pods = play.get('pods').filter(isWaiting)
    for (const pod of pods) play.end(pod, exitCode)
    ended += pods.length
    return false
  }
  await until(`helm ${args[0]} ends`, isOver, { timeoutMs: 60_000, everyMs: 100 })
  return { code: child.exitCode, output: (await printed).join(''), ended }
}

const values = (...more: readonly string[]) => [
  '--set=image.repository=registry.example/shop-migrations,image.tag=1.4.0,database.existingSecret=shop-database',
  ...more,
]
const jobs = (release: string) =>
  play.get('jobs', `app.kubernetes.io/instance=${release}`).map(({ metadata }) => metadata)

for (const major of helmMajors) {
  test(`helm ${major}: a hook that failed ends the release at once, and does not stand in the way`, {
    skip,
  }, async () => {
    const release = `hook-${major}`
    const install = ['upgrade', '--install', release, chart, ...values('--set=networkPolicy.enabled=true')]
    const failed = await helm(major, install, 70)
    assert.notEqual(failed.code, 0)
    assert.equal(failed.ended, 1)
    assert.match(failed.output, /hook|Job/)
    const [first] = jobs(release)
    const done = await helm(major, install)
    assert.equal(done.code, 0, done.output)
    const [second, ...rest] = jobs(release)
    assert.deepEqual(rest, [])
    assert.notEqual(second?.uid, first?.uid)

    const tested = await helm(major, ['test', release])
    assert.equal(tested.code, 0, tested.output)
    assert.notEqual((await helm(major, ['test', release], 3)).code, 0)

    assert.equal((await helm(major, ['uninstall', release])).code, 0)
    // As docs/deploy/helm.md says.
    assert.equal(jobs(release).length, 1)
    const ours = `app.kubernetes.io/instance=${release},app.kubernetes.io/name=slipway`
    const left = () => play.get('jobs,networkpolicies,pods', ours).map(({ kind }) => kind)
    assert.deepEqual([...new Set(left())].sort(), ['Job', 'NetworkPolicy', 'Pod'])
    play.ask(['delete', 'job,networkpolicy,pod', '--selector', ours])
    assert.deepEqual(left(), [])
  })

  test(`helm ${major}: a plain Job is another with another image, and else the same`, { skip }, async () => {
    const release = `job-${major}`
    const upgrade = (...more: readonly string[]) =>
      helm(major, ['upgrade', '--install', release, chart, ...values('--set=mode=job', ...more)])
    assert.equal((await upgrade()).code, 0)
    const [first, ...others] = jobs(release)
    assert.deepEqual(others, [])
    const same = await upgrade()
    assert.equal(same.code, 0, same.output)
    assert.deepEqual(
      jobs(release).map(({ uid }) => uid),
      [first?.uid],
    )
    const other = await upgrade('--set=image.tag=1.4.1')
    assert.equal(other.code, 0, other.output)
    const left = await until('the old Job is gone', () => jobs(release).length === 1 && jobs(release))
    assert.notEqual(left[0]?.name, first?.name)
  })

  test(`helm ${major}: the mode is a value that can be changed, and back`, { skip }, async () => {
    const release = `mode-${major}`
    const policies = () => play.get('networkpolicies', `app.kubernetes.io/instance=${release}`)
    for (const mode of ['hook', 'job', 'hook', 'job']) {
      const given = values(`--set=mode=${mode},networkPolicy.enabled=true`)
      const { code, output } = await helm(major, ['upgrade', '--install', release, chart, ...given])
      assert.equal(code, 0, output)
      // Also of `helm test`, which has no other way out of a namespace that is closed.
      assert.notDeepEqual(policies(), [], mode)
    }
  })
}
