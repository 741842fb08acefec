/**
 * Checks manifests against the API's own models, as `kubeconform -strict` does: no unknown field, the right types, nothing
 * missing that is required. The models name values only in prose, so those that we use are listed here.
 */
import { isObject, type Json, type Manifest, titleOf } from './manifests.ts'
import { loadApiModels, modelNames } from './packages.ts'

const names = modelNames()
const models = await loadApiModels(names)

const kinds: Readonly<Record<string, readonly [apiVersion: string, model: string]>> = {
  Job: ['batch/v1', 'V1Job'],
  Pod: ['v1', 'V1Pod'],
  Secret: ['v1', 'V1Secret'],
  ConfigMap: ['v1', 'V1ConfigMap'],
  Service: ['v1', 'V1Service'],
  Namespace: ['v1', 'V1Namespace'],
  Deployment: ['apps/v1', 'V1Deployment'],
  StatefulSet: ['apps/v1', 'V1StatefulSet'],
  DaemonSet: ['apps/v1', 'V1DaemonSet'],
  NetworkPolicy: ['networking.k8s.io/v1', 'V1NetworkPolicy'],
}

const values: Readonly<Record<string, readonly string[]>> = {
  'V1PodSpec.restartPolicy': ['Always', 'OnFailure', 'Never'],
  'V1PodSpec.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'V1Container.restartPolicy': ['Always', 'OnFailure', 'Never'],
  'V1Container.imagePullPolicy': ['Always', 'IfNotPresent', 'Never'],
  'V1Container.terminationMessagePolicy': ['File', 'FallbackToLogsOnError'],
  'V1ContainerPort.protocol': ['TCP', 'UDP', 'SCTP'],
  'V1ServicePort.protocol': ['TCP', 'UDP', 'SCTP'],
  'V1JobSpec.completionMode': ['NonIndexed', 'Indexed'],
  'V1JobSpec.podReplacementPolicy': ['TerminatingOrFailed', 'Failed'],
  'V1PodFailurePolicyRule.action': ['FailJob', 'FailIndex', 'Ignore', 'Count'],
  'V1PodFailurePolicyOnExitCodesRequirement.operator': ['In', 'NotIn'],
  'V1PodFailurePolicyOnPodConditionsPattern.status': ['True', 'False', 'Unknown'],
  'V1SeccompProfile.type': ['RuntimeDefault', 'Localhost', 'Unconfined'],
  'V1PodSecurityContext.fsGroupChangePolicy': ['Always', 'OnRootMismatch'],
  'V1NetworkPolicySpec.policyTypes': ['Ingress', 'Egress'],
  'V1NetworkPolicyPort.protocol': ['TCP', 'UDP', 'SCTP'],
  'V1Toleration.operator': ['Exists', 'Equal'],
  'V1Toleration.effect': ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
  'V1LabelSelectorRequirement.operator': ['In', 'NotIn', 'Exists', 'DoesNotExist'],
  'V1HTTPGetAction.scheme': ['HTTP', 'HTTPS'],
}

/** A line for each thing that the API would not take. */
export function checkStrictly(manifest: Manifest): string[] {
  const [apiVersion, model] = kinds[manifest.kind] ?? []
  if (model === undefined) return [`${manifest.kind}: no such kind is known here`]
  const wrong =
    manifest.apiVersion === apiVersion ? [] : [`apiVersion: ${manifest.apiVersion}, not ${apiVersion}`]
  return [...wrong, ...checkValue(manifest, { type: model, format: '' }, '')].map(
    (line) => `${titleOf(manifest)}: ${line}`,
  )
}

interface Expected {
  readonly type: string
  readonly format: string
  /** `V1PodSpec.restartPolicy`, for the values above. */
  readonly field?: string
}

function checkValue(value: Json, expected: Expected, path: string): string[] {
  const { type, format, field = '' } = expected
  const item = /^Array<(.*)>$/.exec(type)?.[1]
  if (item !== undefined) {
    if (!Array.isArray(value)) return [`${path}: no list`]
    return value.flatMap((entry, index) =>
      checkValue(entry, { ...expected, type: item }, `${path}[${index}]`),
    )
  }
  const entry = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1]
  if (entry !== undefined) {
    if (!isObject(value)) return [`${path}: no map`]
    return Object.entries(value).flatMap(([key, inner]) =>
      checkValue(inner, { type: entry, format: '' }, `${path}.${key}`),
    )
  }
  if (names.has(type)) return isObject(value) ? checkObject(value, type, path) : [`${path}: no ${type}`]
  return checkScalar(value, type, format, field).map((line) => `${path}: ${line}`)
}

function checkObject(value: { readonly [key: string]: Json }, type: string, path: string): string[] {
  const fields = models.get(type)
  if (fields === undefined || fields.size === 0) throw new Error(`the model ${type} has no fields`)
  const missing = [...fields]
    .filter(([name, { required }]) => required && value[name] === undefined)
    .map(([name]) => `${path}.${name}: missing`)
  const wrong = Object.entries(value).flatMap(([name, inner]) => {
    const field = fields.get(name)
    if (field === undefined) return [`${path}.${name}: ${type} has no such field`]
    return checkValue(inner, { ...field, field: `${type}.${name}` }, `${path}.${name}`)
  })
  return [...missing, ...wrong]
}

function checkScalar(value: Json, type: string, format: string, field: string): string[] {
  if (type === 'any' || type === 'object') return []
  if (type === 'IntOrString')
    return Number.isInteger(value) || typeof value === 'string' ? [] : ['no number or text']
  const primitive = type === 'Date' ? 'string' : type
  if (!['string', 'number', 'boolean'].includes(primitive))
    throw new Error(`unknown type ${type} of ${field}`)
  if (typeof value !== primitive) return [`${JSON.stringify(value)} is no ${primitive}`]
  if (format.startsWith('int') && !Number.isInteger(value)) return [`${value} is no whole number`]
  const allowed = values[field]
  if (allowed !== undefined && !allowed.includes(String(value)))
    return [`${value} is none of ${allowed.join(', ')}`]
  return []
}
