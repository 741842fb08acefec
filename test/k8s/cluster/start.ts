/** A real API server with the controllers of Jobs. No node: what a kubelet would say of a pod, the tests say. */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../helpers/ports.ts'
import { until } from '../../helpers/until.ts'
import { clusterPrograms, kubectl, type Printed } from '../programs.ts'

/** Why there is none, as `skip` of a test. */
export function clusterSkip(): string | false {
  const missing = 'first: node test/k8s/cluster/build.ts'
  if (existsSync(join(clusterPrograms, 'kube-controller-manager'))) return false
  if (process.env.TEST_CLUSTER === 'required') throw new Error(missing)
  return missing
}

export interface Cluster {
  readonly kubeconfig: string
  kubectl(args: readonly string[], input?: string): Printed
  [Symbol.asyncDispose](): Promise<void>
}

export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), 'slipway-cluster-'))
  const children: ChildProcess[] = []
  const start = (name: string, args: Readonly<Record<string, string | number>>) => {
    const log = openSync(join(folder, `${name}.log`), 'w')
    const words = Object.entries(args).map(([key, value]) => `--${key}=${value}`)
    children.push(spawn(join(clusterPrograms, name), words, { cwd: folder, stdio: ['ignore', log, log] }))
  }
  const stop = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true })
  }
  const [port, store, peers] = [await freePort(), await freePort(), await freePort()]
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify(configFor(port)))
  const ask = (args: readonly string[], input = '') => kubectl(['--kubeconfig', kubeconfig, ...args], input)
  try {
    start('etcd', storeFlags(folder, store, peers))
    start('kube-apiserver', serverFlags(folder, port, store))
    const isReady = () => ask(['get', '--raw', '/readyz']).code === 0
    await until('the API server is ready', isReady, { timeoutMs: 120_000, everyMs: 200 })
    start('kube-controller-manager', {
      kubeconfig,
      controllers: 'job-controller,garbage-collector-controller',
      'leader-elect': 'false',
      'secure-port': 0,
    })
  } catch (error) {
    const said = readFileSync(join(folder, 'kube-apiserver.log'), 'utf8').slice(-2000)
    await stop()
    throw new Error(`no API server: ${said}`, { cause: error })
  }
  return { kubeconfig, kubectl: ask, [Symbol.asyncDispose]: stop }
}

const token = 'sesame'

function configFor(port: number): object {
  const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true }
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  }
}

function storeFlags(folder: string, port: number, peers: number) {
  return {
    'data-dir': join(folder, 'etcd'),
    'unsafe-no-fsync': 'true',
    'listen-client-urls': `http://127.0.0.1:${port}`,
    'advertise-client-urls': `http://127.0.0.1:${port}`,
    'listen-peer-urls': `http://127.0.0.1:${peers}`,
  }
}

function serverFlags(folder: string, port: number, store: number) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  writeFileSync(join(folder, 'sa.key'), privateKey)
  writeFileSync(join(folder, 'sa.pub'), publicKey)
  writeFileSync(join(folder, 'tokens.csv'), `${token},test,test,"system:masters"\n`)
  return {
    'etcd-servers': `http://127.0.0.1:${store}`,
    'secure-port': port,
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'cert-dir': join(folder, 'certificates'),
    'service-cluster-ip-range': '10.0.0.0/24',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': join(folder, 'sa.pub'),
    'service-account-signing-key-file': join(folder, 'sa.key'),
    'token-auth-file': join(folder, 'tokens.csv'),
    'authorization-mode': 'RBAC',
    // Nobody here makes the account `default` of a namespace.
    'disable-admission-plugins': 'ServiceAccount',
  }
}
