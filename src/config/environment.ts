import { hostname, userInfo } from 'node:os'
import type { Environment } from './sources.ts'

/**
 * Who applies migrations, as history records it: `namespace/pod@node` from POD_NAMESPACE, POD_NAME and NODE_NAME (the
 * downward API's usual names; in Kubernetes HOSTNAME is the pod), else `user@host`.
 */
export function describeRunner(env: Environment): string {
  const pod = env.POD_NAME || (env.KUBERNETES_SERVICE_HOST ? env.HOSTNAME : '')
  if (!pod) return `${osUserName() ?? `uid ${process.getuid?.() ?? ''}`.trim()}@${hostname()}`
  const namespace = env.POD_NAMESPACE ? `${env.POD_NAMESPACE}/` : ''
  const node = env.NODE_NAME ? `@${env.NODE_NAME}` : ''
  return `${namespace}${pod}${node}`
}

/** Name of the user we run as; undefined where the uid has none, as in a container started with any uid. */
export function osUserName(): string | undefined {
  try {
    return userInfo().username || undefined
  } catch {
    return undefined
  }
}
