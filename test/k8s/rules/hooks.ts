/** Hooks of Helm and Argo CD: both read annotations, and both run before something is there. */
import {
  at,
  containersOf,
  type Json,
  type JsonObject,
  listAt,
  type Manifest,
  objectAt,
  podOf,
  textAt,
  titleOf,
} from '../manifests.ts'

type Annotations = { readonly [key: string]: Json }

export function checkHook(manifest: Manifest): string[] {
  const annotations = objectAt(manifest.metadata, 'annotations')
  const keys = Object.keys(annotations)
  const ofHelm = keys.filter((key) => key.startsWith('helm.sh/hook'))
  const ofArgo = keys.filter((key) => key.startsWith('argocd.argoproj.io/'))
  if (ofHelm.length > 0 && ofArgo.length > 0)
    return ['with one annotation of its own Argo CD looks at none of Helm’s']
  return [
    ...(ofHelm.length > 0 ? checkHelmHook(annotations) : []),
    ...(ofArgo.length > 0 ? checkArgoHook(annotations) : []),
    ...(isHook(manifest) && at(manifest, 'spec.ttlSecondsAfterFinished') !== undefined
      ? ['a hook that removes itself cannot be waited for']
      : []),
  ]
}

function checkHelmHook(annotations: Annotations): string[] {
  const found: string[] = []
  const weight = annotations['helm.sh/hook-weight']
  if (weight !== undefined && !/^-?\d+$/.test(String(weight))) found.push(`the hook's weight is ${weight}`)
  // Helm's default, as soon as there is no annotation; a failed Job stays in the way of the next without it.
  if (!String(annotations['helm.sh/hook-delete-policy']).split(',').includes('before-hook-creation'))
    found.push('a hook that failed would be in the way of the next')
  return found
}

function checkArgoHook(annotations: Annotations): string[] {
  const found: string[] = []
  const wave = annotations['argocd.argoproj.io/sync-wave']
  if (wave !== undefined && !/^-?\d+$/.test(String(wave))) found.push(`the sync wave is ${wave}`)
  const hook = annotations['argocd.argoproj.io/hook']
  if (hook !== undefined && annotations['argocd.argoproj.io/hook-delete-policy'] !== 'BeforeHookCreation')
    found.push('Argo CD would not run a changed Job again')
  return found
}

function isHook(manifest: Manifest): boolean {
  const annotations = objectAt(manifest.metadata, 'annotations')
  return annotations['helm.sh/hook'] !== undefined || annotations['argocd.argoproj.io/hook'] !== undefined
}

/** When it is there: Helm's hooks before everything else, by weight; with Argo CD by wave. */
function momentOf(manifest: Manifest): number {
  const annotations = objectAt(manifest.metadata, 'annotations')
  const hook = textAt(annotations, 'helm.sh/hook') || String(annotations['helm.sh/hook'] ?? '')
  const wave = Number(annotations['argocd.argoproj.io/sync-wave'] ?? 0)
  if (hook === '') return wave
  const weight = Number(annotations['helm.sh/hook-weight'] ?? 0)
  return hook.includes('pre-') ? weight - 1_000_000 : weight + 1_000_000
}

/** A pod that needs what comes after it stands there until the time is over: the most reported bug of migration hooks. */
export function checkOrder(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) => {
    const pod = podOf(manifest)?.spec
    if (pod === undefined || !['Job', 'Pod'].includes(manifest.kind)) return []
    return neededBy(pod)
      .map((needed) => manifests.find((other) => titleOf(other) === needed))
      .filter((other) => other !== undefined)
      .filter(
        (other) =>
          momentOf(other) > momentOf(manifest) ||
          (isHook(manifest) && momentOf(other) === momentOf(manifest)),
      )
      .map((other) => `${titleOf(manifest)} runs before ${titleOf(other)} is there`)
  })
}

function neededBy(pod: JsonObject): string[] {
  const volumes = listAt(pod, 'volumes').flatMap((volume) => [volume, ...listAt(volume, 'projected.sources')])
  const sources = containersOf(pod).flatMap((container) => listAt(container, 'envFrom'))
  return [
    ...volumes.map((volume) => `Secret ${at(volume, 'secret.secretName') ?? at(volume, 'secret.name')}`),
    ...volumes.map((volume) => `ConfigMap ${at(volume, 'configMap.name')}`),
    ...sources.map((source) => `Secret ${at(source, 'secretRef.name')}`),
    ...sources.map((source) => `ConfigMap ${at(source, 'configMapRef.name')}`),
    `ServiceAccount ${pod.serviceAccountName}`,
  ]
}
