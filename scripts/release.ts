/**
 * `node scripts/release.ts vX.Y.Z notes.md`: refuses a tag that does not fit what is in the repository, and writes that
 * version's part of the changelog. In a workflow it sets the outputs `version` and `prerelease`.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.env.RELEASE_ROOT ?? join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

const [tag = '', notesFile = 'notes.md'] = process.argv.slice(2)
const version = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(tag)?.[1]
if (version === undefined) refuse([`${tag} is no tag of a release: vX.Y.Z`])

/** Where the version stands, and as what. */
const places: readonly (readonly [string, RegExp])[] = [
  ['package.json', /^ {2}"version": "(.*)"/m],
  ['package-lock.json', /^ {2}"version": "(.*)"/m],
  ['Dockerfile', /^ARG VERSION=(.*)$/m],
  ['k8s/chart/Chart.yaml', /^version: (.*)$/m],
  ['k8s/chart/Chart.yaml', /^appVersion: (.*)$/m],
  // An app's chart names the version that it depends on.
  ['k8s/example/chart/Chart.yaml', /^ {4}version: (.*)$/m],
  ['docs/deploy/helm.md', /^ {4}version: (.*)$/m],
]
/** npm adds provenance only to a package that names the repository it is published from. */
const repository = process.env.GITHUB_REPOSITORY
const ownRepository = /"repository": (?:"|\{[^}]*"url": ")([^"]*)"/.exec(read('package.json'))?.[1]
const section = findSection(read('CHANGELOG.md'), version)
const wrong = [
  ...places
    .map(([file, pattern]) => [file, pattern.exec(read(file))?.[1]] as const)
    .filter(([, found]) => found !== version)
    .map(([file, found]) => `${file} says ${found}`),
  ...(repository === undefined || ownRepository?.replace(/\.git$/, '').endsWith(`/${repository}`)
    ? []
    : [`package.json has ${ownRepository ?? 'nothing'} as repository, and this is ${repository}`]),
  ...(section === undefined ? [`CHANGELOG.md has no part "## [${version}] - YYYY-MM-DD"`] : []),
]
if (section === undefined || wrong.length > 0) refuse([`the tag is ${tag}`, ...wrong])

writeFileSync(notesFile, section)
const outputs = `version=${version}\nprerelease=${version.includes('-')}\n`
if (process.env.GITHUB_OUTPUT !== undefined) appendFileSync(process.env.GITHUB_OUTPUT, outputs)
console.log(outputs.trimEnd())

/** Up to the next version, without the heading; undefined where there is none, or none with a date. */
function findSection(changelog: string, wanted: string): string | undefined {
  const parts = changelog.split(/^## /m)
  const dated = new RegExp(`^\\[${wanted.replaceAll('.', '\\.')}\\] - \\d{4}-\\d{2}-\\d{2}\n`)
  const found = parts.find((part) => dated.test(part))
  return found === undefined ? undefined : `${found.replace(dated, '').trim()}\n`
}

function refuse(reasons: readonly string[]): never {
  for (const reason of reasons) console.error(reason)
  process.exit(65)
}
