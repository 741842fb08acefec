/** .github/workflows/ keeps the rules of this project, and each rule finds what it is there to find. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { yaml } from './packages.ts'
import { actionsOf, checkWorkflow, missingScripts, rules } from './rules.ts'
import { ownWorkflows, readWorkflow, root } from './workflow.ts'

const workflows = ownWorkflows()
const read = (file: string) => readFileSync(join(root, file), 'utf8')

test('there are workflows', () => {
  assert.deepEqual(
    workflows.map(({ name }) => name),
    ['chart.yml', 'ci.yml', 'image.yml', 'release.yml'],
  )
})

for (const workflow of workflows)
  test(`${workflow.name} keeps the rules`, () => assert.deepEqual(checkWorkflow(workflow), []))

test('no script names a host either', () => {
  const scripts = globSync('.github/scripts/*', { cwd: root })
  assert.ok(scripts.length >= 6)
  for (const name of scripts)
    assert.deepEqual(rules.noHosts({ name, text: read(name), on: {}, jobs: {} }), [], name)
})

test('an action is the same everywhere', () => {
  const used = new Set(workflows.flatMap(actionsOf))
  const names = [...used].map((action) => action.split('@')[0])
  assert.deepEqual(names.length, new Set(names).size, [...used].sort().join('\n'))
})

/** ci.yml with one thing broken, and the rule that must say so. */
const broken = {
  pinned: ['@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2', '@v6'],
  leastPermissions: ['contents: read', 'contents: write'],
  noExpressionInScripts: ['suite.sh "$SUITE"', 'suite.sh ${{ github.event.pull_request.title }}'],
  timeouts: ['timeout-minutes: 60', 'continue-on-error: false'],
  concurrent: ['concurrency:', 'env:'],
  noCredentialsKept: ['persist-credentials: false', 'persist-credentials: true'],
  noForeignCode: ['pull_request:', 'pull_request_target:'],
  guardedSecrets: ['SUITE: ${{ matrix.suite }}', 'SUITE: ${{ secrets.SUITE }}'],
  noHosts: ['cache: npm', 'registry-url: https://registry.example.com/npm'],
  scriptsAreThere: ['npm ci', 'npm run nothing'],
} as const

test('every rule has a broken copy', () => assert.deepEqual(Object.keys(broken), Object.keys(rules)))

for (const [name, [good, bad]] of Object.entries(broken))
  test(`a broken copy is found by ${name}`, () => {
    const text = read('.github/workflows/ci.yml')
    assert.ok(text.includes(good), good)
    const workflow = readWorkflow('ci.yml', text.replace(good, bad))
    const found = Object.entries(rules).filter(([, rule]) => rule(workflow).length > 0)
    assert.deepEqual(
      found.map(([rule]) => rule),
      [name],
    )
  })

test('a version that is not the commit’s comment is found', () => {
  const text = read('.github/workflows/ci.yml').replace('# v6.0.2', '')
  assert.equal(rules.pinned(readWorkflow('ci.yml', text)).length, 1)
})

test('what is pinned is looked after', () => {
  const { updates } = yaml.parse(read('.github/dependabot.yml')) as {
    updates: readonly { readonly 'package-ecosystem': string; readonly directories?: readonly string[] }[]
  }
  assert.deepEqual(
    updates.map((update) => update['package-ecosystem']),
    ['github-actions', 'npm'],
  )
  const own = globSync('{,test/*/}package-lock.json', { cwd: root }).map((file) => `/${dirname(file)}`)
  const normal = own.map((folder) => (folder === '/.' ? '/' : folder)).sort()
  assert.deepEqual([...(updates[1]?.directories ?? [])].sort(), normal)
})

const suite = read('.github/scripts/suite.sh')
const suiteNames = [...suite.matchAll(/^ {2}(\w+)\)/gm)].map(({ 1: name = '' }) => name)
const testsIn = (text: string) =>
  [
    ...new Set([...text.matchAll(/\bnpm (?:run )?(test(?::\w+)?)\b/g)].map(({ 1: script = '' }) => script)),
  ].sort()

test('ci.yml runs every part of suite.sh', () => {
  const matrix = workflows.find(({ name }) => name === 'ci.yml')?.jobs.suite?.strategy?.matrix
  assert.deepEqual(matrix, { suite: suiteNames })
})

test('suite.sh runs what there is, and what .ci/run does', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const suites = Object.keys(scripts).filter((name) => /^test(:|$)/.test(name))
  assert.deepEqual(testsIn(suite), suites.sort())
  assert.deepEqual(testsIn(suite), testsIn(read('.ci/run')))
  assert.deepEqual(missingScripts(suite), [])
})
