/** Names and labels: what the API server checks, and pods' names, which are longer than their Job's. */
import { at, isObject, type Json, type Manifest, objectAt, podOf } from '../manifests.ts'

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const labelValue = /^$|^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/

export function checkNames(manifest: Manifest): string[] {
  const { name } = manifest.metadata
  const longest = longestName(manifest)
  const found = dnsLabel.test(name) ? [] : [`${name} is no DNS label`]
  if (name.length > longest) found.push(`${name} has ${name.length} characters, more than ${longest}`)
  const metadata = [manifest.metadata, ...(podOf(manifest)?.metadata ? [podOf(manifest)?.metadata] : [])]
  for (const part of metadata) {
    found.push(...checkTexts(objectAt(part, 'labels'), 'label', labelValue))
    found.push(...checkTexts(objectAt(part, 'annotations'), 'annotation', /^/))
  }
  return [...found, ...checkSelector(manifest)]
}

/** Of 63, which is what a label and a host name may have. */
function longestName(manifest: Manifest): number {
  const suffix = '-abcde'.length
  if (manifest.kind === 'Deployment') return 63 - '-0123456789'.length - suffix
  if (manifest.kind !== 'Job') return 63
  const completions = at(manifest, 'spec.completions')
  const index = at(manifest, 'spec.completionMode') === 'Indexed' ? `-${completions}`.length : 0
  return 63 - suffix - index
}

function checkTexts(texts: { readonly [key: string]: Json }, what: string, pattern: RegExp): string[] {
  return Object.entries(texts)
    .filter(([, value]) => typeof value !== 'string' || !pattern.test(value))
    .map(([key, value]) => `the ${what} ${key} is ${JSON.stringify(value)}`)
}

/** A Deployment's selector must find its own pods. */
function checkSelector(manifest: Manifest): string[] {
  const wanted = at(manifest, 'spec.selector.matchLabels')
  if (!isObject(wanted)) return []
  const labels = objectAt(podOf(manifest)?.metadata, 'labels')
  return Object.entries(wanted)
    .filter(([key, value]) => labels[key] !== value)
    .map(([key]) => `the selector's ${key} is no label of its pods`)
}
