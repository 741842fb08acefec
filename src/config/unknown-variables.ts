import { nearest } from '../plan/nearest.ts'
import { hasFileVariant, variablesOf } from './setting.ts'
import { settingNames, settingOf } from './settings.ts'
import type { Layer } from './sources.ts'
import type { Warning } from './url-problem.ts'

/** One warning for each SLIPWAY_* variable that no setting has: it would be a setting that silently does nothing. */
export function warnOfUnknownVariables(layers: readonly Layer[]): Warning[] {
  return layers.flatMap((layer) =>
    Object.keys(layer.variables)
      .filter((name) => name.startsWith('SLIPWAY_') && !known.has(name))
      .filter((name) => layer.dotenv !== undefined || !isServiceVariable(name, layer))
      .map((name) => ({ code: 'unknown-setting', message: describeUnknown(name, layer) })),
  )
}

const known: ReadonlySet<string> = new Set(
  settingNames
    .flatMap((name) => variablesOf(settingOf(name)))
    .flatMap((variable) => (hasFileVariant(variable) ? [variable, `${variable}_FILE`] : [variable])),
)

function describeUnknown(name: string, layer: Layer): string {
  const ours = [...known].filter((variable) => variable.startsWith('SLIPWAY_'))
  const near = nearest(name, ours)
  const where = layer.dotenv === undefined ? '' : ` in ${layer.dotenv}`
  return `unknown setting ${name}${where}${near === undefined ? '' : `; did you mean ${near}?`}`
}

/**
 * Kubernetes gives every pod variables for each service of its namespace, so a service named slipway makes
 * SLIPWAY_SERVICE_HOST and the like: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isServiceVariable(name: string, layer: Layer): boolean {
  return (
    layer.variables.KUBERNETES_SERVICE_HOST !== undefined &&
    /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(name)
  )
}
