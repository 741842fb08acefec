/** Each rule finds what it is there for: a good manifest with one thing wrong. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cases, k8s, render } from './charts.ts'
import { checkAll } from './check.ts'
import { type Manifest, readManifests } from './manifests.ts'
import { fatalCodes } from './rules/jobs.ts'

const job = readFileSync(join(k8s, 'base/job.yaml'), 'utf8')
const tenants = JSON.stringify(render('4', cases.get('tenants') ?? '').find(({ kind }) => kind === 'Job'))
const sidecar = readManifests(readFileSync(join(k8s, 'components/sidecar/patch.yaml'), 'utf8'))[0]
assert.ok(sidecar)
const pod = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app' },
  spec: {
    automountServiceAccountToken: false,
    ...(sidecar.spec as { template: { spec: object } }).template.spec,
    containers: [],
  },
})

/** What is replaced, what by, and what must be found then. */
const wrong: readonly [of: string, text: string | RegExp, by: string, found: RegExp][] = [
  [job, 'backoffLimit', 'backofLimit', /V1JobSpec has no such field/],
  [job, 'backoffLimit: 3', 'backoffLimit: "3"', /"3" is no number/],
  [job, 'backoffLimit: 3', 'backoffLimit: 1.5', /1.5 is no whole number/],
  [job, 'action: FailJob', 'action: Fail', /none of FailJob/],
  [job, '          operator: In\n', '', /operator: missing/],
  [job, 'batch/v1', 'batch/v1beta1', /apiVersion/],
  [job, 'args: [up]', 'args: up', /no list/],
  [job, 'name: migrate\n  labels', `name: ${'a'.repeat(60)}\n  labels`, /60 characters/],
  [job, 'name: migrate\n  labels', 'name: Migrate\n  labels', /no DNS label/],
  [job, 'component: migrations', 'component: "a b"', /label/],
  [job, '65, 66', '66, 65', /do not ascend/],
  [job, '65, 66', '65, 65', /do not ascend/],
  [job, '65, 66, ', '65, ', /are not/],
  [job, 'containerName: migrate', 'containerName: proxy', /slipway’s container/],
  [job, 'restartPolicy: Never', 'restartPolicy: OnFailure', /restartPolicy: Never/],
  [
    job,
    'podReplacementPolicy: Failed',
    'podReplacementPolicy: TerminatingOrFailed',
    /podReplacementPolicy: Failed/,
  ],
  [job, /podFailurePolicy:[\s\S]*?(?=\n {2}template)/, 'suspend: false', /no podFailurePolicy/],
  [job, 'type: DisruptionTarget', 'type: Ready', /evicted/],
  [job, 'activeDeadlineSeconds: 3600', 'activeDeadlineSeconds: 300', /may wait 660 s/],
  [job, /\s+activeDeadlineSeconds: 3600/, '', /no activeDeadlineSeconds/],
  [job, 'automountServiceAccountToken: false', 'automountServiceAccountToken: true', /token/],
  [job, 'terminationGracePeriodSeconds: 60', 'terminationGracePeriodSeconds: 20', /less than 30/],
  [job, /runAsNonRoot: true/g, 'runAsNonRoot: false', /may run as root/],
  [job, 'runAsUser: 65532', 'runAsUser: 0', /runs as root/],
  [job, 'allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true', /allowPrivilegeEscalation/],
  [job, 'drop: [ALL]', 'drop: [NET_RAW]', /keeps capabilities/],
  [job, 'drop: [ALL]', 'drop: [ALL], add: [CHOWN]'.replace(', ', '\n              '), /adds capabilities/],
  [job, /type: RuntimeDefault/g, 'type: Unconfined', /seccomp/],
  [job, 'readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', /write to its image/],
  [job, 'cpu: 50m, ', '', /requests.cpu/],
  [job, 'slipway-migrations:dev', 'slipway-migrations', /no fixed tag/],
  [job, 'slipway-migrations:dev', 'slipway-migrations:latest', /no fixed tag/],
  [
    job,
    'terminationMessagePolicy: FallbackToLogsOnError',
    'terminationMessagePolicy: File',
    /termination message/,
  ],
  [job, 'name: NODE_NAME', 'name: POD_NODE', /NODE_NAME is not/],
  [job, 'name: NODE_NAME', 'name: POD_NAME', /POD_NAME is set twice/],
  [job, 'readOnly: true', 'readOnly: false', /mounted read-only/],
  [job, 'name: SLIPWAY_DATABASE_URL_FILE', 'name: SLIPWAY_REPORT', /which database/],
  [job, 'mountPath: /run/secrets/slipway', 'mountPath: /run/db', /mounted read-only/],
  [
    job,
    'name: slipway-database\n              mountPath',
    'name: database\n              mountPath',
    /no volume database/,
  ],
  [job, /secret:\n.*\n.*\n.*\n.*/, 'hostPath: { path: /etc }', /is a hostPath/],
  [job, 'args: [up]', 'args: [up]\n          command: [node]', /has a command/],
  [
    job,
    'annotations:\n    #',
    'annotations:\n    helm.sh/hook: pre-upgrade\n    #',
    /in the way of the next/,
  ],
  [
    job,
    'annotations:\n    #',
    'annotations:\n    helm.sh/hook: pre-upgrade\n    argocd.argoproj.io/sync-wave: "1"\n    #',
    /looks at none/,
  ],
  [
    job,
    'annotations:\n    #',
    'annotations:\n    helm.sh/hook: pre-upgrade\n    helm.sh/hook-delete-policy: before-hook-creation\n    #',
    /removes itself/,
  ],
  [job, 'annotations:\n    #', 'annotations:\n    argocd.argoproj.io/hook: Sync\n    #', /changed Job again/],
  [job, 'annotations:\n    #', 'annotations:\n    argocd.argoproj.io/sync-wave: 1\n    #', /annotation/],
  [tenants, '"value":"8"', '"value":"4"', /completions are 8/],
  [tenants, '"backoffLimitPerIndex":1,', '', /needs backoffLimitPerIndex/],
  [tenants, '"FailIndex"', '"FailJob"', /FailIndex/],
  [tenants, '"completionMode":"Indexed",', '', /without an index/],
  [tenants, '"maxFailedIndexes":8', '"maxFailedIndexes":9', /maxFailedIndexes is more/],
  [tenants, '"helm.sh/hook-weight":"-5"', '"helm.sh/hook-weight":"first"', /weight is first/],
  [pod, '"startupProbe"', '"readinessProbe"', /without a startup probe/],
  [pod, '"startupProbe"', '"livenessProbe":{},"startupProbe"', /kills migrations/],
  [pod, '0.0.0.0:7300', '0.0.0.0:7301', /asks port 7300/],
  [pod, '0.0.0.0:7300', '127.0.0.1:7300', /does not get to/],
  [pod, '/readyz', '/healthz', /only \/readyz/],
  [pod, '"value":"25m"', '"value":"60s"', /SLIPWAY_WAIT_TIMEOUT is 60 s/],
  [pod, /"25m"/g, '"35m"', /SLIPWAY_LOCK_TIMEOUT is 2100 s/],
]

test('what is not wrong is left alone', () => {
  for (const text of [job, tenants, pod]) assert.deepEqual(check(text), [])
})

for (const [of, text, by, found] of wrong)
  test(`found: ${found.source}`, () => {
    const broken = of.replace(text, by)
    assert.notEqual(broken, of)
    assert.match(check(broken).join('\n'), found)
  })

test('a Job that needs what comes after it', () => {
  const hook = job
    .replace(
      'annotations:\n    #',
      'annotations:\n    helm.sh/hook: pre-install\n    helm.sh/hook-delete-policy: before-hook-creation\n    #',
    )
    .replace(/\n +ttlSeconds.*/, '')
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: slipway-database }\n'
  assert.deepEqual(check(hook), [])
  assert.deepEqual(check(`${job}---\n${secret}`), [])
  assert.match(
    check(`${hook}---\n${secret}`).join(),
    /Job migrate runs before Secret slipway-database is there/,
  )
})

test('an app that waits for other tenants than the Job migrates', () => {
  const all = render('4', cases.get('tenants') ?? '')
  assert.deepEqual(checkAll(all), [])
  assert.match(check(`${tenants}\n---\n${job}`).join(), /SLIPWAY_TENANTS differs/)
})

test('a number as Helm writes large ones', () => {
  const text = job.replace('ttlSecondsAfterFinished: 86400', 'ttlSecondsAfterFinished: 2.592e+06')
  assert.notEqual(text, job)
  assert.throws(() => check(text), /floating point: ttlSecondsAfterFinished/)
})

test('a key that is there twice', () => {
  assert.throws(() => check(job.replace('backoffLimit: 3', 'backoffLimit: 3\n  backoffLimit: 4')), /unique/)
})

test('the exit codes are those of the table in the code', () => {
  assert.deepEqual(
    fatalCodes,
    [...fatalCodes].sort((a, b) => a - b),
  )
  assert.ok(fatalCodes.includes(70) && !fatalCodes.includes(75))
})

function check(text: string): string[] {
  return checkAll(readManifests(text) as Manifest[])
}
