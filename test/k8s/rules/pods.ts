/**
 * What every pod must hold, above all the "restricted" level of
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
import { parseDuration } from '../../../src/plan/duration.ts'
import {
  at,
  containersOf,
  envOf,
  isOurs,
  type JsonObject,
  listAt,
  type Manifest,
  objectAt,
  podOf,
  textAt,
} from '../manifests.ts'

const volumeTypes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]
/** SLIPWAY_SHUTDOWN_TIMEOUT is 20 s, and then there is a little to write. */
const shortestGrace = 30

export function checkPod(manifest: Manifest): string[] {
  const pod = podOf(manifest)?.spec
  if (pod === undefined) return []
  const containers = containersOf(pod)
  return [
    ...checkWhole(pod),
    ...checkVolumes(pod, containers),
    ...repeated(containers, 'name').map((name) => `two containers are called ${name}`),
    ...containers.flatMap((container) =>
      [...checkContainer(container, pod), ...(isOurs(container) ? checkOurs(container) : [])].map(
        (line) => `${textAt(container, 'name')}: ${line}`,
      ),
    ),
    ...listAt(pod, 'initContainers')
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .flatMap(checkSidecar),
  ]
}

function checkWhole(pod: JsonObject): string[] {
  const found: string[] = []
  if (pod.automountServiceAccountToken !== false) found.push('the service account’s token is mounted')
  // An app's pods have their own, or Kubernetes' 30.
  const grace = pod.terminationGracePeriodSeconds ?? 30
  if (containersOf(pod).some(isOurs) && (typeof grace !== 'number' || grace < shortestGrace))
    found.push(`terminationGracePeriodSeconds is ${grace}, less than ${shortestGrace}`)
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (pod[field] === true) found.push(`${field} is on`)
  return found
}

export function checkVolumes(pod: JsonObject, containers: readonly JsonObject[]): string[] {
  const volumes = listAt(pod, 'volumes')
  const names = volumes.map(({ name }) => name)
  const forbidden = volumes.flatMap(({ name, ...source }) =>
    Object.keys(source)
      .filter((type) => !volumeTypes.includes(type))
      .map((type) => `the volume ${name} is a ${type}`),
  )
  const mounts = containers.flatMap((container) => listAt(container, 'volumeMounts'))
  const lost = mounts.filter(({ name = '' }) => !names.includes(name)).map(({ name }) => `no volume ${name}`)
  const unused = names.filter((name) => !mounts.some((mount) => mount.name === name))
  return [
    ...forbidden,
    ...lost,
    ...unused.map((name) => `nobody mounts ${name}`),
    ...repeated(volumes, 'name').map((name) => `two volumes are called ${name}`),
  ]
}

function checkContainer(container: JsonObject, pod: JsonObject): string[] {
  const own = objectAt(container, 'securityContext')
  const all = objectAt(pod, 'securityContext')
  const found: string[] = []
  if ((own.runAsNonRoot ?? all.runAsNonRoot) !== true) found.push('may run as root')
  if ((own.runAsUser ?? all.runAsUser) === 0) found.push('runs as root')
  if (own.allowPrivilegeEscalation !== false) found.push('allowPrivilegeEscalation is not false')
  if (own.privileged === true) found.push('is privileged')
  if (JSON.stringify(at(own, 'capabilities.drop')) !== '["ALL"]') found.push('keeps capabilities')
  if (at(own, 'capabilities.add') !== undefined) found.push('adds capabilities')
  if ((at(own, 'seccompProfile.type') ?? at(all, 'seccompProfile.type')) !== 'RuntimeDefault')
    found.push('has no seccomp profile')
  if (own.readOnlyRootFilesystem !== true) found.push('could write to its image')
  for (const path of ['requests.cpu', 'requests.memory', 'limits.memory'])
    if (at(objectAt(container, 'resources'), path) === undefined) found.push(`sets no ${path}`)
  if (!/(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(textAt(container, 'image')))
    found.push(`the image ${textAt(container, 'image')} has no fixed tag`)
  found.push(...repeated(listAt(container, 'env'), 'name').map((name) => `${name} is set twice`))
  return found
}

/** Secrets are files, the pod is known, and why it ended can be read. */
function checkOurs(container: JsonObject): string[] {
  const found: string[] = []
  const env = listAt(container, 'env')
  for (const entry of env)
    if (at(entry, 'valueFrom.secretKeyRef') !== undefined) found.push(`${entry.name} is a Secret, not a file`)
  for (const [name, path] of Object.entries({
    POD_NAME: 'metadata.name',
    POD_NAMESPACE: 'metadata.namespace',
    NODE_NAME: 'spec.nodeName',
  }))
    if (
      textAt(
        env.find((entry) => entry.name === name),
        'valueFrom.fieldRef.fieldPath',
      ) !== path
    )
      found.push(`${name} is not ${path}`)
  if (['SLIPWAY_DATABASE_URL_FILE', 'PGHOST'].every((name) => envOf(container, name) === undefined))
    found.push('nothing says which database')
  found.push(...checkFiles(container))
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError')
    found.push('its termination message is nothing when it could not write one')
  // The image's entrypoint decides, so that it stays the same everywhere.
  if (container.command !== undefined) found.push('has a command')
  return found
}

/** Secrets are where they are looked for. */
export function checkFiles(container: JsonObject): string[] {
  const mounts = listAt(container, 'volumeMounts')
  return ['SLIPWAY_DATABASE_URL_FILE', 'SLIPWAY_TOKEN_FILE', 'PGPASSWORD_FILE']
    .map((name) => envOf(container, name))
    .filter((file) => file !== undefined)
    .filter(
      (file) =>
        !mounts.some(({ mountPath, readOnly }) => file.startsWith(`${mountPath}/`) && readOnly === true),
    )
    .map((file) => `${file} is not in what is mounted read-only`)
}

/** Nothing after it would wait for it otherwise; a liveness probe would kill migrations. */
export function checkSidecar(container: JsonObject): string[] {
  const name = textAt(container, 'name')
  const probe = objectAt(container, 'startupProbe')
  if (Object.keys(probe).length === 0) return [`${name}: a sidecar without a startup probe`]
  const found: string[] = []
  if (container.livenessProbe !== undefined) found.push(`${name}: a liveness probe kills migrations`)
  const port = listAt(container, 'ports').find((one) => one.name === at(probe, 'httpGet.port'))?.containerPort
  if (!isOurs(container)) return found
  const listen = envOf(container, 'SLIPWAY_LISTEN') ?? ''
  if (port === undefined || !listen.endsWith(`:${port}`))
    found.push(`${name}: the probe asks port ${port}, and it listens at ${listen}`)
  if (/^(127\.|localhost|\[::1\])/.test(listen)) found.push(`${name}: the kubelet does not get to ${listen}`)
  if (at(probe, 'httpGet.path') !== '/readyz')
    found.push(`${name}: only /readyz says that migrations are done`)
  return [...found, ...checkPatience(container, probe)]
}

/** A sidecar runs once: what ends by itself long before the probe stays unready until then, though all is well by now. */
function checkPatience(container: JsonObject, probe: JsonObject): string[] {
  const seconds = Number(probe.periodSeconds) * Number(probe.failureThreshold)
  return ['SLIPWAY_WAIT_TIMEOUT', 'SLIPWAY_LOCK_TIMEOUT'].flatMap((variable) => {
    const waits = (parseDuration(envOf(container, variable) ?? '0') ?? 0) / 1000
    if (waits >= seconds / 2 && waits < seconds) return []
    return [`${textAt(container, 'name')}: ${variable} is ${waits} s, and it has ${seconds} s to start`]
  })
}

export function repeated(list: readonly JsonObject[], key: string): string[] {
  const seen = list.map((entry) => textAt(entry, key))
  return [...new Set(seen.filter((value, index) => seen.indexOf(value) !== index))]
}
