/** What a kubelet says of pods, in the namespace `shop` of a cluster that has no node. */
import assert from 'node:assert/strict'
import { type Json, listAt, type Manifest } from '../manifests.ts'
import type { Cluster } from './start.ts'

export interface Play {
  /** What kubectl prints; it must succeed. */
  ask(args: readonly string[], input?: string): string
  get(kind: string, selector?: string): readonly Manifest[]
  /** A pod's only container has ended. */
  end(pod: Manifest | undefined, exitCode: number, isEvicted?: boolean): void
}

const namespace = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: high }
value: 1
`

export function playIn(cluster: Cluster): Play {
  const ask = (args: readonly string[], input = ''): string => {
    const { code, stdout, stderr } = cluster.kubectl(['--namespace', 'shop', ...args], input)
    assert.equal(code, 0, stderr)
    return stdout
  }
  ask(['apply', '--filename', '-'], namespace)
  return {
    ask,
    get: (kind, selector = '') =>
      listAt(
        JSON.parse(ask(['get', kind, '--selector', selector, '--output', 'json'])) as Json,
        'items',
      ) as readonly Manifest[],
    end: (pod, exitCode, isEvicted = false) => {
      const patch = JSON.stringify({ status: endedStatus(exitCode, isEvicted) })
      const name = pod?.metadata.name ?? ''
      ask(['patch', 'pod', name, '--subresource=status', '--type=merge', '--patch', patch])
    },
  }
}

function endedStatus(exitCode: number, isEvicted: boolean): object {
  const terminated = { exitCode, finishedAt: new Date().toISOString() }
  const container = { name: 'migrate', image: '', imageID: '', ready: false, restartCount: 0 }
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: isEvicted ? [{ type: 'DisruptionTarget', status: 'True' }] : [],
    containerStatuses: [{ ...container, state: { terminated } }],
  }
}
