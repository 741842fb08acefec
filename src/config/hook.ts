/** Hooks: what a project has done around its migrations, as written in slipway.config.* and as read. */

export const hookNames = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll', 'afterNew'] as const
/** What a command is told; a slipway that it starts finds them in its environment. */
export const hookVariableNames = [
  'SLIPWAY_HOOK',
  'SLIPWAY_RUN_ID',
  'SLIPWAY_VERB',
  'SLIPWAY_DIRECTION',
  'SLIPWAY_DIALECT',
  'SLIPWAY_MIGRATION',
  'SLIPWAY_FILE',
  'SLIPWAY_OUTCOME',
  'SLIPWAY_EXIT_CODE',
  'SLIPWAY_APPLIED',
] as const

/** When a hook runs. */
export type HookName = (typeof hookNames)[number]

/** What a hook that is a function gets; commands get the same as `SLIPWAY_*` variables, see docs/hooks.md. */
export interface HookFacts {
  readonly hook: HookName
  /** As in history. */
  readonly runId: string
  /** `up`, `exec`, `down`, `new` … */
  readonly verb: string
  readonly direction: 'up' | 'down'
  readonly dialect: 'postgres' | 'sqlite' | undefined
  /** With `beforeEach` and `afterEach`: the migration's name. */
  readonly migration: string | undefined
  /** Absolute: the migration's file, or the one that `new` wrote. */
  readonly file: string | undefined
  /** After something; `stopped` by a signal; `elsewhere`: behind a transaction pooler, another runner did it meanwhile. */
  readonly outcome: 'done' | 'failed' | 'stopped' | 'elsewhere' | undefined
  /** After something: of the run, if it ended now. */
  readonly exitCode: number | undefined
  /** Names that this run has applied so far; with direction `down`, those that it has reverted. */
  readonly applied: readonly string[]
  /** Only with `database: true`; with the password. */
  readonly databaseUrl: string | undefined
  /** Aborted when the run is stopped, and at the deadline. */
  readonly signal: AbortSignal
  /** A line in the run's log. */
  readonly log: (message: string) => void
}

/** What it returns is awaited; what it throws fails the hook. */
export type HookFunction = (facts: HookFacts) => unknown

interface HookLimits {
  /** It is ended after this: `30s`, `5m`; `0` is never. Default: `5m`. */
  readonly timeout?: string | 0 | undefined
  /** It gets the database's URL, and with PostgreSQL `PGHOST` and the like, password included. Default: false. */
  readonly database?: boolean | undefined
}

/** A command: its words, which no shell reads, or a text for the shell. */
export interface HookCommand extends HookLimits {
  readonly command: string | readonly string[]
}

/** A function with limits. */
export interface HookRun extends HookLimits {
  readonly run: HookFunction
}

/** One hook: a text for the shell, the words of a command, a function, or an object with one of them. */
export type HookConfig = string | readonly string[] | HookFunction | HookCommand | HookRun

/**
 * What is done around migrations.
 * @example { beforeAll: ['./pause-workers.sh'], afterNew: { command: ['biome', 'format', '--write'], timeout: '30s' } }
 */
export type HooksConfig = { readonly [Name in HookName]?: HookConfig | undefined }

/** A hook as read. */
export interface Hook {
  readonly name: HookName
  readonly action:
    | { readonly kind: 'argv'; readonly argv: readonly [string, ...string[]] }
    | { readonly kind: 'shell'; readonly text: string }
    | { readonly kind: 'function'; readonly call: HookFunction }
  /** Milliseconds; 0: none. */
  readonly timeoutMs: number
  readonly database: boolean
  /** Absolute: where commands run, and where relative ones start. */
  readonly folder: string
  /** For messages: `hooks.beforeAll in slipway.config.ts`. */
  readonly place: string
}

export type Hooks = { readonly [Name in HookName]?: Hook }
