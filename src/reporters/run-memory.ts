/** What a listener must keep of earlier events to say something true about later ones. */
import type { SlipwayError } from '../errors.ts'
import type { PlannedStep, RunEvent } from '../events.ts'

export interface RunMemory {
  runId: string | undefined
  database: string
  dialect: string | undefined
  /** Applied before this run. */
  appliedBefore: number
  ahead: readonly string[]
  steps: readonly PlannedStep[]
  /** The steps commit at once, or none does. */
  together: boolean
  /** Place of the step that began last, from 1; a run together begins again after a retry. */
  begun: number
  /** Begun and neither finished nor failed. */
  running: string | undefined
  failed: string | undefined
  /** Changes of history that ran nothing. */
  amended: number
  /** Of the running step, as far as known. */
  statements: { readonly done: number; readonly total: number } | undefined
  /** Of long work within the running step. */
  progress: Extract<RunEvent, { type: 'progress' }> | undefined
  /** The last error told in full. */
  told: SlipwayError | undefined
}

export function createRunMemory(): RunMemory {
  return {
    runId: undefined,
    database: 'the database',
    dialect: undefined,
    appliedBefore: 0,
    ahead: [],
    steps: [],
    together: false,
    begun: 0,
    running: undefined,
    failed: undefined,
    amended: 0,
    statements: undefined,
    progress: undefined,
    told: undefined,
  }
}

export interface RunMemories {
  /** Of the run as a whole, tenants aside. */
  readonly run: RunMemory
  /** Takes the event in; whose it is. */
  remember(event: RunEvent): RunMemory
}

/** Many tenants are worked on at once, and what is said of one must not come from another. */
export function createRunMemories(): RunMemories {
  const run = createRunMemory()
  const tenants = new Map<string, RunMemory>()
  return {
    run,
    remember(event) {
      const { tenant } = event
      const memory = tenant === undefined ? run : (tenants.get(tenant) ?? createRunMemory())
      rememberEvent(memory, event)
      if (tenant === undefined) return run
      if (event.type === 'run-finished') tenants.delete(tenant)
      else tenants.set(tenant, memory)
      return memory
    },
  }
}

export function rememberEvent(memory: RunMemory, event: RunEvent): void {
  switch (event.type) {
    case 'run-started':
      Object.assign(memory, createRunMemory(), { runId: event.runId, database: event.database })
      return
    case 'connected':
      memory.dialect = event.dialect
      return
    case 'planned':
      memory.appliedBefore = event.applied
      memory.ahead = event.ahead
      memory.steps = event.steps
      memory.together = event.together === true
      return
    case 'step-started':
      memory.begun = event.index
      memory.running = event.name
      memory.progress = undefined
      memory.statements = event.statements === undefined ? undefined : { done: 0, total: event.statements }
      return
    case 'progress':
      memory.progress = event.finished ? undefined : event
      return
    case 'statement-finished':
      memory.statements = { done: event.index, total: event.total }
      return
    case 'step-retrying':
      if (memory.statements !== undefined) memory.statements = { done: 0, total: memory.statements.total }
      return
    case 'history-amended':
      memory.amended += 1
      return
    case 'step-finished':
      memory.running = undefined
      memory.progress = undefined
      return
    case 'step-failed':
      memory.running = undefined
      memory.failed = event.name
      return
    default:
      return
  }
}

/** Whether the planned step runs in a transaction; undefined if no such step was planned. */
export function isTransactional(memory: RunMemory, name: string): boolean | undefined {
  return memory.steps.find((step) => step.name === name)?.transaction
}
