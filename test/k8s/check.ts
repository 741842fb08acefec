/** Everything that is checked of manifests that are applied together. */
import { type Manifest, titleOf } from './manifests.ts'
import { checkHook, checkOrder } from './rules/hooks.ts'
import { checkJob, checkSet } from './rules/jobs.ts'
import { checkNames } from './rules/names.ts'
import { checkPod } from './rules/pods.ts'
import { checkStrictly } from './strict.ts'

const rules = [checkNames, checkPod, checkJob, checkHook]

/** A line for each thing that is wrong. */
export function checkAll(manifests: readonly Manifest[]): string[] {
  const schema = manifests.flatMap(checkStrictly)
  // The rules take the shape of things for granted.
  if (schema.length > 0) return schema
  const each = manifests.flatMap((manifest) =>
    rules.flatMap((rule) => rule(manifest).map((line) => `${titleOf(manifest)}: ${line}`)),
  )
  return [...each, ...checkSet(manifests), ...checkOrder(manifests)]
}
