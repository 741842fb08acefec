/** The two charts, and how they are rendered. */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Manifest, readManifests } from './manifests.ts'
import { type HelmMajor, helm } from './programs.ts'

export const k8s = join(import.meta.dirname, '../../k8s')
export const chart = join(k8s, 'chart')
export const modes = ['hook', 'job', 'init', 'sidecar', 'none'] as const

/** Values of the chart's ci folder, as chart-testing installs it with each of them. */
export const cases: ReadonlyMap<string, string> = new Map(
  globSync('ci/*-values.yaml', { cwd: chart })
    .sort()
    .map((path) => [basename(path, '-values.yaml'), readFileSync(join(chart, path), 'utf8')]),
)

export const usual = {
  image: { repository: 'registry.example/shop-migrations', tag: '1.4.0' },
  database: { existingSecret: 'shop-database' },
}

/** With values as YAML, or as an object. */
export function render(major: HelmMajor, values: string | object, folder = chart): Manifest[] {
  const { code, stdout, stderr } = tryToRender(major, values, folder)
  if (code !== 0) throw new Error(stderr)
  return readManifests(stdout)
}

export function tryToRender(major: HelmMajor, values: string | object, folder = chart) {
  const input = typeof values === 'string' ? values : JSON.stringify(values)
  return helm(major, ['template', 'shop', folder, '--namespace', 'shop', '--values', '-'], input)
}

/** A copy of the app's chart with slipway's in it, as `helm dependency build` leaves it. */
export function copyAppChart(): { readonly folder: string; [Symbol.dispose](): void } {
  const root = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), 'slipway-chart-'))
  cpSync(chart, join(root, 'chart'), { recursive: true })
  cpSync(join(k8s, 'example/chart'), join(root, 'example/chart'), { recursive: true })
  const folder = join(root, 'example/chart')
  const { code, stderr } = helm('4', ['dependency', 'build', folder])
  if (code !== 0) throw new Error(stderr)
  return { folder, [Symbol.dispose]: () => execFileSync('rm', ['-r', root]) }
}

/** Beside it a chart that has slipway's twice. */
export function makeTwoDatabases(app: string): string {
  const folder = join(app, '../two')
  mkdirSync(join(folder, 'templates'), { recursive: true })
  const aliases = ['orders', 'audit']
  const dependencies = aliases.map(
    (alias) => `  - { name: slipway, alias: ${alias}, version: "*", repository: file://../../chart }\n`,
  )
  writeFileSync(
    join(folder, 'Chart.yaml'),
    `apiVersion: v2\nname: two\nversion: 1.0.0\ndependencies:\n${dependencies.join('')}`,
  )
  const each = (template: string) =>
    aliases.map((alias) => `{{- include "slipway.${template}" .Subcharts.${alias} | nindent 8 }}`).join('\n')
  const deployment = readFileSync(join(app, 'templates/deployment.yaml'), 'utf8')
    .replace(
      / +\{\{- \/\*[\s\S]*?(?= +containers:)/,
      `      initContainers:\n${each('initContainers')}\n      volumes:\n${each('volumes')}\n`,
    )
    .replace('{{ .Values.image }}', 'registry.example/two:1.0.0')
  writeFileSync(join(folder, 'templates/deployment.yaml'), deployment)
  const { code, stderr } = helm('4', ['dependency', 'build', folder])
  if (code !== 0) throw new Error(stderr)
  return folder
}
