/** The commands of docs/deploy/ that need no cluster, and the values in its YAML. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parseDuration } from '../../src/plan/duration.ts'
import { type Block, readBlocks, readWord } from '../docs/markdown.ts'
import { k8s, render } from './charts.ts'
import { checkAll } from './check.ts'
import {
  at,
  containersOf,
  listAt,
  type Manifest,
  objectAt,
  podOf,
  readManifests,
  textAt,
} from './manifests.ts'
import { helmMajors, programFolder } from './programs.ts'
import { checkIndexes } from './rules/jobs.ts'
import { checkFiles, checkSidecar, checkVolumes } from './rules/pods.ts'
import { checkWords } from './rules/words.ts'
import { checkStrictly } from './strict.ts'

const pages = ['kubernetes', 'helm', 'argo-cd', 'flux'] as const

for (const page of pages) {
  const blocks = readPage(`deploy/${page}`)

  test(`docs/deploy/${page}.md`, () => {
    const cwd = mkdtempSync(join(process.env.TEST_RUN_DIR ?? tmpdir(), 'slipway-deploy-'))
    cpSync(k8s, join(cwd, 'k8s'), { recursive: true })
    try {
      for (const block of blocks) writeBlock(cwd, block)
      const commands = blocks.filter(({ words }) => words.includes('test'))
      assert.ok(commands.length > 0)
      for (const block of commands) runBlock(cwd, block, page)
    } finally {
      rmSync(cwd, { recursive: true })
    }
  })

  test(`values in docs/deploy/${page}.md`, () => {
    const manifests = blocks
      .filter((block) => block.language === 'yaml' && readWord(block, 'file') !== undefined)
      .flatMap(({ text }) => readManifests(text))
    for (const manifest of manifests) checkValues(manifest)
  })
}

test('docs/deploy/helm.md shows the example as it is', () => {
  const shown = readPage('deploy/helm').filter((block) => readWord(block, 'of') !== undefined)
  assert.equal(shown.length, 2)
  for (const block of shown)
    assert.ok(readFileSync(join(k8s, '..', readWord(block, 'of') ?? ''), 'utf8').includes(block.text))
})

/** They leave out what they are not about: so no rules, but the API and slipway must understand them. */
for (const page of ['serve', 'tenants'])
  test(`manifests in docs/${page}.md`, () => {
    const manifests = readPage(page).flatMap(({ language, words, text }) => {
      if (language !== 'yaml') return []
      if (words.includes('manifest')) return readManifests(text)
      return words.includes('pod') ? readManifests(inPod(text)) : []
    })
    assert.equal(manifests.length, 1)
    for (const check of [checkStrictly, checkWords, checkParts])
      assert.deepEqual(manifests.flatMap(check), [])
  })

/** The indexes of a Job, the probe of a sidecar, and files that are somewhere. */
function checkParts(manifest: Manifest): string[] {
  const pod = podOf(manifest)?.spec ?? {}
  const sidecars = listAt(pod, 'initContainers').filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [
    ...(manifest.kind === 'Job' ? checkIndexes(objectAt(manifest, 'spec'), pod) : []),
    ...sidecars.flatMap(checkSidecar),
    ...checkVolumes(pod, containersOf(pod)),
    ...containersOf(pod).flatMap(checkFiles),
  ]
}

function inPod(spec: string): string {
  const app = 'containers:\n  - { name: shop, image: registry.example/shop:1.4.0 }\n'
  return `apiVersion: v1\nkind: Pod\nmetadata: { name: shop }\nspec:\n${`${app}${spec}`.replace(/^/gm, '  ')}`
}

function readPage(page: string): Block[] {
  return readBlocks(readFileSync(join(k8s, `../docs/${page}.md`), 'utf8'))
}

function writeBlock(cwd: string, block: Block): void {
  const file = readWord(block, 'file')
  if (file === undefined) return
  mkdirSync(dirname(join(cwd, file)), { recursive: true })
  writeFileSync(join(cwd, file), block.text)
}

function runBlock(cwd: string, block: Block, page: string): void {
  for (const major of helmMajors) {
    const PATH = `${programFolder('helm', major)}:${programFolder('kubectl')}:${process.env.PATH}`
    const env = { ...process.env, PATH, HOME: cwd, KUBECONFIG: join(cwd, 'none') }
    const { status, stdout, stderr } = spawnSync('bash', ['-euc', block.text], { cwd, env, encoding: 'utf8' })
    assert.equal(status, Number(readWord(block, 'exit') ?? 0), `line ${block.line} of ${page}.md: ${stderr}`)
    if (!block.words.includes('manifests')) continue
    const manifests = readManifests(stdout)
    assert.ok(manifests.length > 0)
    assert.deepEqual(
      [...checkAll(manifests), ...manifests.flatMap(checkWords)],
      [],
      `line ${block.line} of ${page}.md`,
    )
  }
}

/** Those that an Application or a HelmRelease gives to the chart. */
function checkValues(manifest: Manifest): void {
  const values = {
    ...objectAt(manifest, 'spec.source.helm.valuesObject'),
    ...objectAt(manifest, 'spec.values'),
  }
  if (Object.keys(values).length === 0) return
  const rendered = render('4', values)
  assert.deepEqual(checkAll(rendered), [])
  const job = rendered.find(({ kind }) => kind === 'Job')
  const timeout = textAt(manifest, 'spec.timeout')
  const seconds = (parseDuration(timeout === '' ? '1000h' : timeout) ?? 0) / 1000
  assert.ok(seconds > Number(at(job, 'spec.activeDeadlineSeconds')), timeout)
}
