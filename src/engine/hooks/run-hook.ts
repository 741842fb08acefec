/** One hook, from its first line in the log to its end. */
import type { Hook, HookFacts } from '../../config/hook.ts'
import type { DatabaseUrl } from '../../config/url.ts'
import { isSlipwayError, messageOf, SlipwayError } from '../../errors.ts'
import type { Listener } from '../../events.ts'
import { withNeighbours } from '../../files/module-hook.ts'
import { findCommand } from '../../programs/find-command.ts'
import { type ProgramEnd, runProgram } from '../../programs/run-program.ts'
import type { Redactor } from '../../redact.ts'
import { formatDuration } from '../../text/format-time.ts'
import { writeUrl } from './database-environment.ts'
import { type HookMoment, hookEnvironment } from './facts.ts'

/** What all hooks of one run share. */
export interface HookPlace {
  readonly runId: string
  readonly verb: string
  readonly direction: HookFacts['direction']
  readonly dialect: HookFacts['dialect']
  readonly tenant?: string | undefined
  readonly url: DatabaseUrl | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly emit: Listener
  readonly redact: Redactor
}

export interface HookCall extends HookMoment {
  /** Instead of the hook's own, where that is longer. */
  readonly atMostMs?: number
  readonly signal: AbortSignal
}

/** Before anything that would be in vain without it. Throws command-missing. */
export function requireHook({ action, folder, place }: Hook, env: HookPlace['env']): void {
  if (action.kind !== 'argv') return
  try {
    findCommand(action.argv[0], env.PATH, folder)
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    throw new SlipwayError(error.code, `${place}: ${error.message}`, {
      hint: `correct ${place}, or the PATH`,
    })
  }
}

/** Throws hook-failed or command-missing, or the signal's reason when the run was stopped meanwhile. */
export async function runHook(place: HookPlace, hook: Hook, call: HookCall): Promise<void> {
  requireHook(hook, place.env)
  const began = performance.now()
  const about = {
    hook: hook.name,
    ...(call.migration === undefined ? {} : { migration: call.migration }),
  }
  place.emit({ type: 'hook-started', ...about, command: place.redact(describeAction(hook, call)) })
  let failed = true
  try {
    const timeoutMs = shorter(hook.timeoutMs, call.atMostMs)
    if (hook.action.kind === 'function') await runFunction(place, hook, { ...call, timeoutMs })
    else await runCommand(place, hook, { ...call, timeoutMs })
    failed = false
  } finally {
    place.emit({ type: 'hook-finished', ...about, durationMs: performance.now() - began, failed })
  }
}

interface TimedCall extends HookCall {
  /** 0: none. */
  readonly timeoutMs: number
}

/** Of two limits, where 0 is none. */
function shorter(one: number, other = 0): number {
  if (one === 0 || other === 0) return Math.max(one, other)
  return Math.min(one, other)
}

async function runCommand(place: HookPlace, hook: Hook, call: TimedCall): Promise<void> {
  const { folder } = hook
  const lastLines: string[] = []
  const about = { hook: hook.name, ...(call.migration === undefined ? {} : { migration: call.migration }) }
  const end = await runProgram({
    command: wordsOf(hook, call, place.env.PATH),
    cwd: folder,
    env: hookEnvironment(place, hook, call),
    timeoutMs: call.timeoutMs,
    signal: call.signal,
    onLine(line, stream) {
      const shown = place.redact(line)
      lastLines.push(shown)
      if (lastLines.length > 10) lastLines.shift()
      place.emit({ type: 'hook-output', ...about, stream, line: shown })
    },
  })
  if (end.kind === 'exited' && end.exitCode === 0) return
  if (end.kind === 'stopped') throw call.signal.reason
  const output = lastLines.join('\n')
  throw hookFailed(
    { hook, call, ...place },
    describeEnd(end, call.timeoutMs),
    output === '' ? {} : { output },
  )
}

/** The file that `new` wrote stands behind the words of `afterNew`, where formatters expect it. */
function wordsOf(
  { action, name, folder }: Hook,
  { file }: HookCall,
  path: string | undefined,
): readonly [string, ...string[]] | string {
  if (action.kind === 'shell') return action.text
  if (action.kind === 'function') throw new SlipwayError('bug', 'a function was run as a command')
  const [command, ...args] = action.argv
  const found = findCommand(command, path, folder)
  const [, ...before] = found.call
  return [found.path, ...before, ...args, ...(name === 'afterNew' && file !== undefined ? [file] : [])]
}

function describeAction({ action, name }: Hook, { file }: HookCall): string {
  if (action.kind === 'function') return 'a function'
  if (action.kind === 'shell') return action.text
  return [...action.argv, ...(name === 'afterNew' && file !== undefined ? [file] : [])].join(' ')
}

function describeEnd(end: ProgramEnd, timeoutMs: number): string {
  switch (end.kind) {
    case 'exited':
      return `it ended with exit code ${end.exitCode}`
    case 'killed':
      return `it was ended by ${end.signal}`
    case 'timed-out':
      return `it did not end within ${formatDuration(timeoutMs)} and was ended`
    case 'not-started':
      return `it could not be started: ${end.reason}`
    case 'stopped':
      return 'it was stopped'
  }
}

async function runFunction(place: HookPlace, hook: Hook, call: TimedCall): Promise<void> {
  const { action, folder } = hook
  if (action.kind !== 'function') return
  const deadline = new AbortController()
  const signal = AbortSignal.any([call.signal, deadline.signal])
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => {})
  signal.addEventListener('abort', () => late.reject(signal.reason), { once: true })
  const { timeoutMs } = call
  const onDeadline = () =>
    deadline.abort(
      hookFailed(
        { hook, call, ...place },
        `it did not end within ${formatDuration(timeoutMs)}; a function cannot be ended`,
      ),
    )
  const timer = timeoutMs === 0 ? undefined : setTimeout(onDeadline, timeoutMs)
  const facts = factsFor(place, hook, call, signal)
  try {
    call.signal.throwIfAborted()
    // It may import a neighbour as late as now.
    await withNeighbours(folder, async () => Promise.race([action.call(facts), late.promise]))
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw hookFailed({ hook, call, ...place }, place.redact(messageOf(error)), { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

function factsFor(
  place: HookPlace,
  { name, database }: Hook,
  moment: HookMoment,
  signal: AbortSignal,
): HookFacts {
  const { migration, file, outcome, exitCode, applied } = moment
  const about = migration === undefined ? {} : { migration }
  return {
    hook: name,
    migration,
    file,
    outcome,
    exitCode,
    applied,
    signal,
    runId: place.runId,
    verb: place.verb,
    direction: place.direction,
    dialect: place.dialect,
    tenant: place.tenant,
    databaseUrl: database && place.url !== undefined ? writeUrl(place.url) : undefined,
    log: (message) =>
      place.emit({
        type: 'hook-output',
        hook: name,
        stream: 'stdout',
        line: place.redact(String(message)),
        ...about,
      }),
  }
}

interface HookFailure {
  readonly hook: Hook
  readonly call: HookCall
  readonly direction: HookFacts['direction']
}

function hookFailed(
  { hook: { name, place }, call, direction }: HookFailure,
  why: string,
  facts: { readonly output?: string; readonly cause?: unknown } = {},
): SlipwayError {
  const { migration, file } = call
  const about = migration ?? (name === 'afterNew' ? file : undefined)
  const where = about === undefined ? '' : ` for ${about}`
  return new SlipwayError(
    'hook-failed',
    `the hook ${name}${where} failed: ${why}${remains(name, call, direction)}`,
    {
      ...facts,
      ...(migration === undefined ? {} : { migration }),
      // Run again, `new` would write another file.
      hint: name === 'afterNew' ? `correct ${place}` : `correct ${place}, then run again`,
    },
  )
}

/** What is left of the work that it stood before or behind. */
function remains(
  name: Hook['name'],
  { outcome, applied }: HookCall,
  direction: HookFacts['direction'],
): string {
  const done = direction === 'up' ? 'applied' : 'reverted'
  switch (name) {
    case 'beforeAll':
      return '; no migration was run'
    case 'beforeEach':
      return '; the migration was not run'
    case 'afterEach':
      return outcome === 'done' ? `; the migration stays ${done}` : ''
    case 'afterAll':
      return applied.length > 0 ? `; what was ${done} stays ${done}` : ''
    case 'afterNew':
      return '; the file stays as it was written'
  }
}
