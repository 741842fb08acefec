/** What of a Job no schema knows: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */
import { exitCodeRows } from '../../../scripts/exit-code-rows.ts'
import { parseDuration } from '../../../src/plan/duration.ts'
import {
  containersOf,
  envOf,
  isOurs,
  type JsonObject,
  listAt,
  type Manifest,
  objectAt,
  podOf,
} from '../manifests.ts'

/** What would fail again, by the table that docs/errors.md is made from. */
export const fatalCodes: readonly number[] = Object.entries(exitCodeRows)
  .filter(([, { job }]) => job === 'FailJob')
  .map(([code]) => Number(code))

export function checkJob(manifest: Manifest): string[] {
  if (manifest.kind !== 'Job') return []
  const spec = objectAt(manifest, 'spec')
  const pod = podOf(manifest)?.spec ?? {}
  return [...checkPolicy(spec, pod), ...checkIndexes(spec, pod), ...checkTime(spec, pod)]
}

function checkPolicy(spec: JsonObject, pod: JsonObject): string[] {
  const rules = listAt(spec, 'podFailurePolicy.rules')
  if (rules.length === 0) return ['no podFailurePolicy: what fails for good would be tried again']
  const found: string[] = []
  if (pod.restartPolicy !== 'Never') found.push('podFailurePolicy needs restartPolicy: Never')
  if (spec.podReplacementPolicy !== 'Failed')
    found.push('podFailurePolicy needs podReplacementPolicy: Failed')
  if (rules[0]?.action !== 'Ignore' || listAt(rules[0], 'onPodConditions')[0]?.type !== 'DisruptionTarget')
    found.push('the first rule does not ignore an evicted pod')
  const verdict = spec.completionMode === 'Indexed' ? 'FailIndex' : 'FailJob'
  const byCode = rules.filter(({ onExitCodes }) => onExitCodes !== undefined)
  if (byCode.length !== 1 || byCode[0]?.action !== verdict) found.push(`not one rule with ${verdict}`)
  return [...found, ...byCode.flatMap((rule) => checkExitCodes(objectAt(rule, 'onExitCodes'), pod))]
}

function checkExitCodes(requirement: JsonObject, pod: JsonObject): string[] {
  const found: string[] = []
  const codes = Array.isArray(requirement.values) ? requirement.values.map(Number) : []
  if (codes.length === 0 || codes.length > 255) found.push(`${codes.length} exit codes`)
  if (codes.some((code, index) => index > 0 && code <= Number(codes[index - 1])))
    found.push(`exit codes do not ascend: ${codes.join(', ')}`)
  if (requirement.operator === 'In' && codes.includes(0)) found.push('0 is no failure')
  if (codes.join() !== fatalCodes.join())
    found.push(`exit codes ${codes.join()} are not ${fatalCodes.join()}`)
  const container = containersOf(pod).find(({ name }) => name === requirement.containerName)
  // Without a name a mesh's proxy would count, too.
  if (container === undefined || !isOurs(container))
    found.push('exit codes are not those of slipway’s container')
  return found
}

export function checkIndexes(spec: JsonObject, pod: JsonObject): string[] {
  const shards = containersOf(pod)
    .filter(isOurs)
    .map((container) => envOf(container, 'SLIPWAY_SHARD'))
  const indexed = spec.completionMode === 'Indexed'
  if (!indexed)
    return [
      ...(shards.some((shard) => shard !== undefined) ? ['SLIPWAY_SHARD without an index'] : []),
      ...(spec.backoffLimitPerIndex === undefined ? [] : ['backoffLimitPerIndex without an index']),
    ]
  const found: string[] = []
  if (shards.some((shard) => shard !== String(spec.completions)))
    found.push(`SLIPWAY_SHARD is ${shards.join()}, and completions are ${spec.completions}`)
  if (spec.backoffLimitPerIndex === undefined) found.push('FailIndex needs backoffLimitPerIndex')
  if (spec.backoffLimit !== undefined) found.push('backoffLimit would end other indexes')
  for (const field of ['parallelism', 'maxFailedIndexes'])
    if (Number(spec[field]) > Number(spec.completions)) found.push(`${field} is more than completions`)
  return found
}

/** Waiting ends by itself, with its reason, before Kubernetes ends it without one. */
function checkTime(spec: JsonObject, pod: JsonObject): string[] {
  const deadline = spec.activeDeadlineSeconds
  if (typeof deadline !== 'number') return ['no activeDeadlineSeconds']
  return containersOf(pod)
    .filter(isOurs)
    .map(
      (container) =>
        secondsOf(container, 'SLIPWAY_WAIT_TIMEOUT', '60s') +
        secondsOf(container, 'SLIPWAY_LOCK_TIMEOUT', '10m'),
    )
    .filter((seconds) => !(seconds < deadline))
    .map((seconds) => `it may wait ${seconds} s, and is stopped after ${deadline} s`)
}

function secondsOf(container: JsonObject, variable: string, otherwise: string): number {
  return (parseDuration(envOf(container, variable) ?? otherwise) ?? Number.NaN) / 1000
}

/** As objects of the API: at most one of each name in a namespace. */
export function checkSet(manifests: readonly Manifest[]): string[] {
  const keys = manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
  return [
    ...keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${key} is there twice`),
    ...checkTenants(manifests),
  ]
}

/** Who waits for other tenants than are migrated waits for ever. */
function checkTenants(manifests: readonly Manifest[]): string[] {
  const containers = manifests.flatMap((manifest) => containersOf(podOf(manifest)?.spec ?? {})).filter(isOurs)
  const tenants = new Set(containers.map((container) => envOf(container, 'SLIPWAY_TENANTS') ?? 'none'))
  return tenants.size > 1 ? [`SLIPWAY_TENANTS differs: ${[...tenants].join(', ')}`] : []
}
