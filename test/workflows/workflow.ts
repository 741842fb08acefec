/** GitHub's workflows, as far as the rules look at them. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { yaml } from './packages.ts'

export const root = join(import.meta.dirname, '../..')

export type Permissions = string | Readonly<Record<string, string>>

export interface Step {
  readonly name?: string
  readonly if?: string
  readonly env?: Readonly<Record<string, unknown>>
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

export interface Job {
  readonly uses?: string
  readonly steps?: readonly Step[]
  readonly env?: Readonly<Record<string, unknown>>
  readonly permissions?: Permissions
  readonly environment?: string
  readonly 'timeout-minutes'?: number
  readonly strategy?: { readonly matrix?: Readonly<Record<string, unknown>> }
}

export interface Workflow {
  readonly name: string
  readonly text: string
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: Permissions
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

export function readWorkflow(name: string, text: string): Workflow {
  const parsed = yaml.parse(text) as Omit<Workflow, 'name' | 'text'>
  return { ...parsed, name, text }
}

export function ownWorkflows(): Workflow[] {
  return globSync('.github/workflows/*.{yml,yaml}', { cwd: root })
    .sort()
    .map((file) => readWorkflow(basename(file), readFileSync(join(root, file), 'utf8')))
}

export function stepsOf(workflow: Workflow): Step[] {
  return Object.values(workflow.jobs).flatMap((job) => job.steps ?? [])
}
