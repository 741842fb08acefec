/**
 * Builds Kubernetes' API server, the controllers and etcd from their Go modules, for cluster.test.ts, beside helm and
 * kubectl: `node test/k8s/cluster/build.ts`. It takes some ten minutes and 3 GB the first time, and next to nothing then.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterPrograms } from '../programs.ts'

const versions = readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8')
const version = /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/.exec(versions)
if (version === null) throw new Error('go.mod names no version of Kubernetes')

// What its own build stamps in; without it the server says that it is v0.0.0, and clients refuse it.
const stamp = Object.entries({ gitMajor: '1', gitMinor: version[2], gitVersion: version[1] })
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  .join(' ')

build('go.etcd.io/etcd/server/v3', 'etcd')
build('k8s.io/kubernetes/cmd/kube-apiserver', 'kube-apiserver')
build('k8s.io/kubernetes/cmd/kube-controller-manager', 'kube-controller-manager')

function build(path: string, name: string): void {
  const args = ['build', '-ldflags', `-s -w ${stamp}`, '-o', join(clusterPrograms, name), path]
  const env = { ...process.env, CGO_ENABLED: '0' }
  const { status, error } = spawnSync('go', args, { cwd: import.meta.dirname, env, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) throw new Error(`go build ${path} ended with ${status}`)
}
