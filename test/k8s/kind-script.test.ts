/**
 * test/cluster/run.sh needs a cluster, which is not here. With stand-ins for what gets to one, and the real helm to render
 * what is installed, every line of it is gone through: what it installs is what the chart takes.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createWorkspace } from '../helpers/workspace.ts'
import { checkAll } from './check.ts'
import { k8s } from './charts.ts'
import { readManifests } from './manifests.ts'
import { helmMajors, programFolder } from './programs.ts'

const root = join(k8s, '..')

/** Renders; the hook of release 3 fails, as its migration does. */
const helm = `#!/bin/sh
echo "helm $*" >>"$TRACE/calls"
case $1 in
  upgrade)
    shift 2
    for flag in "$@"; do case $flag in *image.tag=*) echo "\${flag##*=}" >"$TRACE/release" ;; esac; done
    echo "$*" | grep -o 'mode=[a-z]*' >"$TRACE/mode"
    n=$(ls "$TRACE/rendered" | wc -l)
    "$HELM" template "$@" >"$TRACE/rendered/$n.yaml" || exit 99
    [ -n "$WELL" ] || [ "$(cat "$TRACE/mode")" != mode=hook ] || [ "$(cat "$TRACE/release")" != 3 ]
    ;;
  dependency) exec "$HELM" "$@" ;;
esac
`
const kubectl = `#!/bin/sh
echo "kubectl $*" >>"$TRACE/calls"
release=$(cat "$TRACE/release" 2>/dev/null)
[ "$release" != 3 ] || applied=2
case $* in
  'config current-context') echo "$CONTEXT" ;;
  *psql*) echo "\${APPLIED:-\${applied:-$release}}" ;;
  *'rollout status'*) [ "$release" != 3 ] ;;
  *'get deployment'*) echo 2 ;;
  *'range .items'*) echo 'migrate=70 slipway-up=70' ;;
  *'proxy/metrics'*) echo 'slipway_pending 0' ;;
esac
`
const silent = '#!/bin/sh\necho "$(basename "$0") $*" >>"$TRACE/calls"\n'

function runScript(major: '3' | '4', env: Readonly<Record<string, string>> = {}) {
  const workspace = createWorkspace({
    'bin/helm': helm,
    'bin/kubectl': kubectl,
    'bin/docker': silent,
    'bin/kind': silent,
  })
  for (const program of ['helm', 'kubectl', 'docker', 'kind'])
    chmodSync(workspace.path('bin', program), 0o755)
  mkdirSync(workspace.path('rendered'))
  const ended = spawnSync(join(root, 'test/cluster/run.sh'), [major], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: workspace.dir,
      PROGRAMS: workspace.path('bin'),
      TRACE: workspace.dir,
      HELM: join(programFolder('helm', major), 'helm'),
      CONTEXT: 'kind-kind',
      ...env,
    },
  })
  return { workspace, ...ended }
}

for (const major of helmMajors)
  test(`every mode with helm ${major}`, () => {
    const { workspace, status, stdout, stderr } = runScript(major)
    using _ = workspace
    assert.equal(status, 0, `${stdout}\n${stderr}`)
    const calls = workspace.read('calls').split('\n')
    assert.equal(calls.filter((call) => call.startsWith('helm upgrade')).length, 16)
    assert.equal(calls.filter((call) => call.startsWith('helm test')).length, 12)
    for (let n = 0; n < 16; n++)
      assert.deepEqual(checkAll(readManifests(workspace.read(`rendered/${n}.yaml`))), [])
  })

test('what is not as it should be ends the script', () => {
  const { workspace, status, stderr } = runScript('4', { APPLIED: '7' })
  using _ = workspace
  assert.equal(status, 1)
  assert.match(stderr, /FAILED: hook: 7 migrations applied, not 1/)
})

test('an upgrade that goes well with a migration that fails ends the script', () => {
  const { workspace, status, stderr } = runScript('4', { WELL: 'yes' })
  using _ = workspace
  assert.equal(status, 1)
  assert.match(stderr, /FAILED: this went well: release 3/)
})

test('a cluster that is not its own is left alone', () => {
  const { workspace, status, stderr } = runScript('4', { CONTEXT: 'production' })
  using _ = workspace
  assert.equal(status, 78)
  assert.match(stderr, /kubectl talks to production, not to kind-kind/)
  assert.equal(workspace.read('calls'), 'kubectl config current-context\n')
})

test('what it installs beside the chart is sound', () => {
  const manifests = readManifests(readFileSync(join(root, 'test/cluster/postgres.yaml'), 'utf8'))
  assert.equal(manifests.length, 2)
  assert.deepEqual(checkAll(manifests), [])
})
