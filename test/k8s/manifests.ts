/** Manifests as objects. */
import { yaml } from './packages.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export interface Manifest extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: JsonObject & { readonly name: string }
}

/** Of a rendering: every document; a key that stands there twice is an error. */
export function readManifests(text: string): Manifest[] {
  // Which YAML takes for a number, and the API for no whole one.
  const floating = /^.*: "?-?[\d.]+e\+\d+"?$/m.exec(text)
  if (floating) throw new Error(`a number in floating point: ${floating[0].trim()}`)
  return yaml
    .parseAllDocuments(text)
    .filter((document) => document.contents !== null)
    .map((document) => {
      const [error] = document.errors
      if (error) throw error
      return document.toJSON() as Manifest
    })
    .filter((manifest) => manifest !== null)
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What is at a path such as `spec.template.spec`, if all of it is there. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let found: Json | undefined = value
  for (const key of path.split('.')) found = isObject(found) ? found[key] : undefined
  return found
}

export function objectAt(value: Json | undefined, path: string): JsonObject {
  const found = at(value, path)
  return isObject(found) ? found : {}
}

export function listAt(value: Json | undefined, path: string): readonly JsonObject[] {
  const found = at(value, path)
  return Array.isArray(found) ? found.filter(isObject) : []
}

export function textAt(value: Json | undefined, path: string): string {
  const found = at(value, path)
  return typeof found === 'string' ? found : ''
}

/** As `Job shop-migrate`. */
export function titleOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`
}

/** The pod of whatever makes one. */
export function podOf(
  manifest: Manifest,
): { readonly spec: JsonObject; readonly metadata: JsonObject } | undefined {
  if (manifest.kind === 'Pod') return { spec: objectAt(manifest, 'spec'), metadata: manifest.metadata }
  const template = at(manifest, 'spec.template')
  if (!isObject(template)) return undefined
  return { spec: objectAt(template, 'spec'), metadata: objectAt(template, 'metadata') }
}

export function containersOf(pod: JsonObject): readonly JsonObject[] {
  return [...listAt(pod, 'initContainers'), ...listAt(pod, 'containers')]
}

/** Those that run slipway. */
export function isOurs(container: JsonObject): boolean {
  return listAt(container, 'env').some((entry) => /^SLIPWAY_|^PGHOST$/.test(textAt(entry, 'name')))
}

/** Value of a variable that is written out. */
export function envOf(container: JsonObject, name: string): string | undefined {
  const value = listAt(container, 'env').find((entry) => entry.name === name)?.value
  return typeof value === 'string' ? value : undefined
}
