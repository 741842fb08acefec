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
import { at, type Manifest, objectAt, readManifests, textAt } from './manifests.ts'
import { helmMajors, programFolder } from './programs.ts'

const pages = ['kubernetes', 'helm', 'argo-cd', 'flux'] as const

for (const page of pages) {
  const blocks = readBlocks(readFileSync(join(k8s, `../docs/deploy/${page}.md`), 'utf8'))

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
    assert.deepEqual(checkAll(manifests), [], `line ${block.line} of ${page}.md`)
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
