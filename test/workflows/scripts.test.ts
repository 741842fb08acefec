/** The scripts that workflows call, run here; what they call in turn is a stand-in that keeps its arguments. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { createWorkspace, type Workspace } from '../helpers/workspace.ts'
import { root } from './workflow.ts'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(program: string, args: readonly string[], workspace: Workspace, env = {}): Ended {
  const { status, stdout, stderr } = spawnSync(join(root, program), args, {
    cwd: workspace.dir,
    encoding: 'utf8',
    env: { PATH: [workspace.path('bin'), process.env.PATH].join(delimiter), ...env },
  })
  return { code: status, stdout, stderr }
}

test('a setting that is missing is named, with where it is set', () => {
  using workspace = createWorkspace()
  const script = '.github/scripts/require-settings.sh'
  const names = ['IMAGE_REGISTRY', 'IMAGE_NAME']
  const ended = run(script, names, workspace, { IMAGE_REGISTRY: '', IMAGE_NAME: 'harbour/slipway' })
  assert.equal(ended.code, 78)
  assert.match(ended.stderr, /not set: IMAGE_REGISTRY\n.*Settings/)
  const both = { IMAGE_REGISTRY: 'registry.example', IMAGE_NAME: 'harbour/slipway' }
  assert.deepEqual(run(script, names, workspace, both), { code: 0, stdout: '', stderr: '' })
})

test('tags of an image', () => {
  using workspace = createWorkspace()
  const tags = (...args: string[]) => run('.github/scripts/image-tags.sh', args, workspace).stdout.split('\n')
  assert.deepEqual(tags('0.2.1', 'runner'), ['0.2.1', '0.2', 'latest', ''])
  assert.deepEqual(tags('1.2.3', 'runner'), ['1.2.3', '1.2', '1', 'latest', ''])
  assert.deepEqual(tags('1.2.3', 'backup'), ['1.2.3-backup', '1.2-backup', '1-backup', 'backup', ''])
  assert.deepEqual(tags('1.2.3-rc.1', 'slim'), ['1.2.3-rc.1-slim', ''])
  assert.equal(run('.github/scripts/image-tags.sh', ['latest', 'runner'], workspace).code, 64)
})

test('two processors become one image', () => {
  using workspace = createWorkspace({
    'bin/docker': `#!/bin/sh
echo "$*" >>calls
case $* in *inspect*) echo sha256:5678 ;; esac
`,
    [`digests/${'a'.repeat(64)}`]: '',
    output: '',
  })
  chmodSync(workspace.path('bin/docker'), 0o755)
  const env = {
    IMAGE: 'registry.example/slipway',
    VERSION: '1.2.3',
    TARGET: 'slim',
    GITHUB_OUTPUT: workspace.path('output'),
  }
  const alone = run('.github/scripts/join-images.sh', [], workspace, env)
  assert.equal(alone.code, 1)
  assert.match(alone.stderr, /expected two processors, found 1/)
  assert.ok(!workspace.has('calls'))

  workspace.write({ [`digests/${'b'.repeat(64)}`]: '' })
  const both = run('.github/scripts/join-images.sh', [], workspace, env)
  assert.equal(both.code, 0, both.stderr)
  const [create] = workspace.read('calls').split('\n')
  assert.equal(
    create,
    [
      'buildx imagetools create',
      ...['1.2.3-slim', '1.2-slim', '1-slim', 'slim'].map((tag) => `--tag registry.example/slipway:${tag}`),
      ...['a', 'b'].map((digit) => `registry.example/slipway@sha256:${digit.repeat(64)}`),
    ].join(' '),
  )
  assert.equal(workspace.read('output'), 'digest=sha256:5678\n')
})

test('the chart is packed and pushed, and no argument has the password', () => {
  using workspace = createWorkspace({
    'bin/helm': `#!/bin/sh
echo "$*" >>calls
case $1 in
  registry) cat >password ;;
  package) : >packed/slipway-1.2.3.tgz ;;
  push) echo 'Pushed: registry.example/charts/slipway:1.2.3'; echo 'Digest: sha256:1234' ;;
esac
`,
    output: '',
  })
  chmodSync(workspace.path('bin/helm'), 0o755)
  const env = {
    PROGRAMS: workspace.path('bin'),
    VERSION: '1.2.3',
    CHART_REGISTRY: 'registry.example/charts',
    REGISTRY_USERNAME: 'sailor',
    REGISTRY_PASSWORD: 'knot',
    GITHUB_OUTPUT: workspace.path('output'),
  }
  const ended = run('.github/scripts/push-chart.sh', [], workspace, env)
  assert.equal(ended.code, 0, ended.stderr)
  assert.deepEqual(workspace.read('calls').split('\n').slice(0, -1), [
    'package k8s/chart --version 1.2.3 --app-version 1.2.3 --destination packed',
    'registry login registry.example --username sailor --password-stdin',
    'push packed/slipway-1.2.3.tgz oci://registry.example/charts',
  ])
  assert.equal(workspace.read('password'), 'knot')
  assert.equal(workspace.read('output'), 'name=registry.example/charts/slipway\ndigest=sha256:1234\n')
  // Beside npm's slipway-1.2.3.tgz, in one release.
  assert.deepEqual(readdirSync(workspace.path('packed')), ['slipway-chart-1.2.3.tgz'])
})

test('the facts of a commit', () => {
  using workspace = createWorkspace({ output: '' })
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example', ...args], {
      cwd: workspace.dir,
      env: { ...process.env, GIT_COMMITTER_DATE: '2026-01-02T03:04:05+02:00' },
    })
  git('init', '--quiet')
  git('commit', '--quiet', '--allow-empty', '--message=one')
  const ended = run('.github/scripts/commit-facts.sh', [], workspace, {
    GITHUB_OUTPUT: workspace.path('output'),
  })
  assert.equal(ended.code, 0, ended.stderr)
  assert.equal(workspace.read('output'), 'epoch=1767315845\ncreated=2026-01-02T01:04:05Z\n')
})

const files = [
  'package.json',
  'package-lock.json',
  'Dockerfile',
  'k8s/chart/Chart.yaml',
  'k8s/example/chart/Chart.yaml',
  'docs/deploy/helm.md',
] as const

function release(workspace: Workspace, tag: string, more: NodeJS.ProcessEnv = {}): Ended {
  const script = join(root, 'scripts/release.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, tag, workspace.path('notes.md')], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      RELEASE_ROOT: workspace.dir,
      GITHUB_OUTPUT: workspace.path('output'),
      ...more,
    },
  })
  return { code: status, stdout, stderr }
}

function releaseOf(version: string, changelog: string): Workspace {
  const { version: now } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const texts = files.map((file) => [
    file,
    readFileSync(join(root, file), 'utf8').replaceAll(
      new RegExp(`(version"?[:=] ?"?)${now}`, 'gi'),
      `$1${version}`,
    ),
  ])
  return createWorkspace({ ...Object.fromEntries(texts), 'CHANGELOG.md': changelog, output: '' })
}

test('a tag is released with its part of the changelog', () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n- later\n\n## [7.0.0-rc.1] - 2026-11-20\n\n### Added\n\n- this\n\n## [6.0.0] - 2026-01-01\n'
  using workspace = releaseOf('7.0.0-rc.1', changelog)
  const { code, stderr } = release(workspace, 'v7.0.0-rc.1')
  assert.equal(code, 0, stderr)
  assert.equal(workspace.read('notes.md'), '### Added\n\n- this\n')
  assert.equal(workspace.read('output'), 'version=7.0.0-rc.1\nprerelease=true\n')
})

test('a tag that does not fit is refused with every reason', () => {
  using workspace = releaseOf('7.0.0', '# Changelog\n\n## [7.0.1] - unreleased\n')
  const { code, stderr } = release(workspace, 'v7.0.1')
  assert.equal(code, 65)
  for (const file of files) assert.match(stderr, new RegExp(`${file} says 7.0.0`))
  assert.match(stderr, /CHANGELOG.md has no part "## \[7\.0\.1\] - YYYY-MM-DD"/)
  assert.equal(release(workspace, 'latest').code, 65)
  assert.ok(!workspace.has('notes.md'))
})

test('a package that names no repository, or another, is refused: npm would', () => {
  using workspace = releaseOf('7.0.0', '## [7.0.0] - 2026-11-20\n')
  const env = { GITHUB_REPOSITORY: 'harbour/slipway' }
  const url = (name: string) => {
    const text = workspace.read('package.json').replace(/^ {2}"repository".*\n/m, '')
    const repository = `"repository": { "type": "git", "url": "git+https://git.example/${name}.git" },`
    workspace.write({ 'package.json': text.replace('{\n', `{\n  ${repository}\n`) })
  }
  assert.match(release(workspace, 'v7.0.0', env).stderr, /package.json has nothing as repository/)
  url('other/slipway')
  assert.match(release(workspace, 'v7.0.0', env).stderr, /has git.*other\/slipway/)
  url('harbour/slipway')
  assert.equal(release(workspace, 'v7.0.0', env).code, 0)
})

test('a part of that name is not there', () => {
  using workspace = createWorkspace()
  assert.equal(run('.github/scripts/suite.sh', ['nothing'], workspace).code, 64)
})
