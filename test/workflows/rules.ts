/** What no checker of workflows knows: the rules of this project. Each gives what is wrong, in words. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Permissions, root, stepsOf, type Workflow } from './workflow.ts'

type Rule = (workflow: Workflow) => string[]

const scripts: Readonly<Record<string, string>> = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts

/** A tag can be moved by who owns the action, or by who has broken in; a commit cannot. */
export const pinned: Rule = ({ text }) =>
  [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)]
    .map(({ 1: used = '' }) => used)
    .filter((used) => !used.startsWith('./'))
    .filter((used) => !/^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used))
    .map((used) => `${used}: not pinned to a commit, with its version behind it`)

/** All jobs may read; what one of them may write stands beside that one. */
export const leastPermissions: Rule = ({ permissions, jobs }) => [
  ...(permissions === undefined ? ['the workflow says no permissions'] : []),
  ...writesOf(permissions).map((scope) => `every job may write ${scope}`),
  ...Object.entries(jobs)
    .filter(([, job]) => job.permissions === 'write-all')
    .map(([name]) => `job ${name} may write all`),
]

/** Text of a stranger (a branch, a title) must not become part of a script; a variable is never read as one. */
export const noExpressionInScripts: Rule = (workflow) =>
  stepsOf(workflow)
    .filter(({ run }) => run?.includes('${{'))
    .map(({ run }) => `an expression in a script, use env: ${run?.trim()}`)

export const timeouts: Rule = ({ jobs }) =>
  Object.entries(jobs)
    .filter(([, job]) => job.steps !== undefined && typeof job['timeout-minutes'] !== 'number')
    .map(([name]) => `job ${name} has no timeout-minutes`)

export const concurrent: Rule = ({ concurrency }) =>
  concurrency === undefined ? ['the workflow says nothing of concurrency'] : []

/** The token would lie in .git for every later step. */
export const noCredentialsKept: Rule = (workflow) =>
  stepsOf(workflow)
    .filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    .filter((step) => step.with?.['persist-credentials'] !== false)
    .map(() => 'a checkout keeps its credentials')

/** Runs with this repository's rights on somebody else's code. */
export const noForeignCode: Rule = ({ on }) =>
  ['pull_request_target', 'workflow_run'].filter((event) => event in on).map((event) => `on: ${event}`)

/** An environment can want somebody's word first. */
export const guardedSecrets: Rule = ({ jobs }) =>
  Object.entries(jobs)
    .filter(([, job]) => JSON.stringify(job).includes('secrets.') && job.environment === undefined)
    .map(([name]) => `job ${name} uses secrets outside of an environment`)

/** Where things go is for whoever has the repository to say. */
export const noHosts: Rule = ({ text }) =>
  [...text.matchAll(/\b(?:[a-z0-9-]+\.)+(?:io|com|org|net|dev|cloud)\b/g)].map(
    ([host]) => `names a host: ${host}`,
  )

/** What scripts are called, and what these call. */
export const scriptsAreThere: Rule = (workflow) =>
  stepsOf(workflow).flatMap(({ run = '' }) => missingScripts(run))

export const rules = {
  pinned,
  leastPermissions,
  noExpressionInScripts,
  timeouts,
  concurrent,
  noCredentialsKept,
  noForeignCode,
  guardedSecrets,
  noHosts,
  scriptsAreThere,
} as const

export function checkWorkflow(workflow: Workflow): string[] {
  return Object.values(rules).flatMap((rule) => rule(workflow).map((wrong) => `${workflow.name}: ${wrong}`))
}

/** npm scripts that package.json lacks, and files that are not there. */
export function missingScripts(text: string): string[] {
  const npm = [...text.matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(test)\b)/g)]
    .map(([, script, test]) => script ?? test ?? '')
    .filter((script) => !(script in scripts))
    .map((script) => `npm has no script ${script}`)
  const files = [
    ...text.matchAll(/(?:^|\s)(?:node |\.\/)?((?:scripts|test|\.github)\/[\w./-]+\.(?:ts|sh))/gm),
    ...text.matchAll(/--prefix ([\w/-]+)/g),
  ]
    .map(({ 1: file = '' }) => file)
    .filter((file) => !existsSync(join(root, file)))
    .map((file) => `no ${file}`)
  return [...npm, ...files]
}

function writesOf(permissions: Permissions | undefined): string[] {
  if (permissions === undefined) return []
  if (typeof permissions === 'string') return permissions === 'read-all' ? [] : [permissions]
  return Object.entries(permissions)
    .filter(([, may]) => may === 'write')
    .map(([scope]) => scope)
}

/** The actions that are used, as `name@commit # version`. */
export function actionsOf({ text }: Workflow): string[] {
  return [...text.matchAll(/uses: ([\w-]+\/.*)$/gm)].map(({ 1: used = '' }) => used)
}
