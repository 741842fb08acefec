/** argv in, exit code out. */
import { type Command, parseArguments } from './config/arguments.ts'
import type { Config } from './config/config.ts'
import { describeRunner } from './config/environment.ts'
import type { DatabaseUrl } from './config/url.ts'
import type { Run } from './engine/run.ts'
import { isSlipwayError, type SlipwayError } from './errors.ts'
import { noRedaction } from './redact.ts'
import { errorReport } from './reporters/error-report.ts'
import { jsonText } from './reporters/json-text.ts'
import { type StartingReporter, startReporter } from './reporters/reporter.ts'
import { canRedraw, shouldColor } from './reporters/should-color.ts'
import type { OneShot } from './server/one-shot.ts'
import { openMetrics } from './server/open-metrics.ts'
import { blame } from './terminal/blame.ts'
import { commandAgain } from './terminal/command-again.ts'
import type { CommandContext } from './terminal/context.ts'
import { earlyLogFormat } from './terminal/early-log-format.ts'
import { endAfterOutput, watchEnding } from './terminal/ending.ts'
import { findDatabase } from './terminal/find-database.ts'
import { nameOnce } from './terminal/name-once.ts'
import { tellProcessWarnings } from './terminal/process-warnings.ts'
import { readConfig } from './terminal/read-config.ts'
import type { ReportFile } from './terminal/report-file.ts'
import { watchSignals } from './terminal/signals.ts'
import { endsWithItsRun, openReport } from './terminal/open-report.ts'
import { isTerminal, openStream, stderrStream } from './terminal/streams.ts'
import { openTerminationLog, type TerminationLog } from './terminal/termination-log.ts'
import { version } from './version.ts'

/** Ends the process. Importing this file does nothing: the library shares the file of the bundle it is in. */
export const run = (): void => void main().then(endAfterOutput)

async function main(): Promise<number> {
  const termination = await openTerminationLog(process.argv[2])
  let verb = ''
  let config: Config | undefined
  let reporter: StartingReporter | undefined
  let report: ReportFile | undefined
  let metrics: OneShot | undefined
  const tell = (error: unknown) => {
    openStream('stderr').write(reportError(error, config))
    report?.tellError(error)
    termination?.tellError(verb, error, config?.redact ?? noRedaction)
  }
  watchEnding(() => blame(verb, config), tell)
  try {
    const { command, flags } = parseArguments(process.argv.slice(2))
    verb = command.verb
    if (command.verb === 'help') {
      const { renderHelp } = await import('./config/help.ts')
      openStream('stdout').write(`${renderHelp(command.topic)}\n`)
      return 0
    }
    const input = { flags, env: process.env, cwd: process.cwd(), stderrIsTTY: isTerminal('stderr') }
    if (command.verb === 'config') {
      const { config: showConfig } = await import('./commands/config.ts')
      return await showConfig(input, { ...command, ...onStdout() })
    }
    const read = await readConfig(input).catch(knownError)
    if (isSlipwayError(read)) {
      if (command.verb !== 'doctor') throw read
      const { doctorOfSettings } = await import('./commands/doctor.ts')
      return await doctorOfSettings(input, read, { ...command, ...onStdout() })
    }
    config = read
    reporter = openReporter(config, command.verb)
    tellProcessWarnings(reporter.listen)
    for (const warning of config.warnings) reporter.listen({ type: 'warning', ...warning })
    if (endsWithItsRun(command)) metrics = await openMetrics(config, command, reporter)
    report = await openReport(config, command, reporter)
    return await runCommand(
      command,
      createContext(config, command, { reporter, termination, report, metrics }),
    )
  } catch (error) {
    await metrics?.settle()
    await reporter?.close()
    tell(error)
    return isSlipwayError(error) ? error.exitCode : 1
  } finally {
    await metrics?.settle()
    await reporter?.close()
  }
}

function onStdout() {
  const write = (text: string) => openStream('stdout').write(text)
  return { colors: shouldColor(process.env, isTerminal('stdout')), write }
}

function knownError(error: unknown): SlipwayError {
  if (isSlipwayError(error)) return error
  throw error
}

function openReporter(config: Config, verb: string): StartingReporter {
  const isTTY = isTerminal('stderr')
  return startReporter({
    format: config.logFormat,
    level: config.logLevel,
    stream: stderrStream,
    isTTY: canRedraw(process.env, isTTY),
    colors: shouldColor(process.env, isTTY),
    redact: config.redact,
    verb,
    traceparent: process.env.TRACEPARENT,
  })
}

interface Listeners {
  readonly reporter: StartingReporter
  readonly termination: TerminationLog | undefined
  readonly report: ReportFile | undefined
  readonly metrics: OneShot | undefined
}

function createContext(
  config: Config,
  command: Command,
  { reporter, termination, report, metrics }: Listeners,
): CommandContext {
  const emit: CommandContext['emit'] = (event) => {
    reporter.listen(event)
    report?.listen(event)
    metrics?.listen(event)
    if (event.type === 'run-finished' && event.tenant === undefined)
      termination?.tellOutcome(event.outcome, config.redact)
  }
  return {
    config,
    env: process.env,
    cwd: process.cwd(),
    colors: shouldColor(process.env, isTerminal('stdout')),
    emit,
    openRun: (url) => openRun(config, command, { emit, whileWaiting: reporter.begin, url }),
    print: (text) => openStream('stdout').write(`${config.redact(text)}\n`),
    printJson: (value) => openStream('stdout').write(jsonText(value, config.redact)),
    closeReporter: async () => {
      await metrics?.settle()
      await reporter.close()
    },
  }
}

type Hearer = Pick<CommandContext, 'emit'> & {
  readonly whileWaiting: () => void
  readonly url: DatabaseUrl | undefined
}

async function openRun(config: Config, command: Command, hearer: Hearer): Promise<Run> {
  const { verb } = command
  const { emit: tell, whileWaiting, url = await findDatabase(config, verb) } = hearer
  const { loadDialect } = await import('./dialects/index.ts')
  const runId = nameOnce()
  const applied = new Set<string>()
  const emit: CommandContext['emit'] = (event) => {
    if (event.type === 'step-finished' && event.action !== 'skip') applied.add(event.name)
    tell(event)
  }
  const giveUp = (error: SlipwayError) => {
    const rest = { skipped: [], pending: [], ahead: [], durationMs: performance.now(), error }
    emit({
      type: 'run-finished',
      outcome: { runId: runId(), verb, exitCode: error.exitCode, applied: [...applied], ...rest },
    })
  }
  return {
    get runId() {
      return runId()
    },
    verb,
    config,
    url,
    dialect: await loadDialect(url),
    emit,
    whileWaiting,
    echo: config.echo ? (await import('./engine/echo.ts')).createEcho(emit) : undefined,
    signal: watchSignals({
      emit,
      shutdownTimeoutMs: config.shutdownTimeoutMs,
      giveUp,
      again: commandAgain(command),
    }),
    cwd: process.cwd(),
    appliedBy: describeRunner(process.env),
    runnerVersion: version,
    env: process.env,
  }
}

/** Each verb's code is loaded only when it is asked for. */
async function runCommand(
  command: Exclude<Command, { verb: 'help' | 'config' }>,
  context: CommandContext,
): Promise<number> {
  switch (command.verb) {
    case 'up':
      return (await import('./commands/up.ts')).up(context, command)
    case 'down':
      return (await import('./commands/down.ts')).down(context, command)
    case 'status':
      return (await import('./commands/status.ts')).status(context, command)
    case 'history':
      return (await import('./commands/history.ts')).history(context, command)
    case 'verify':
      return (await import('./commands/verify.ts')).verify(context, command)
    case 'wait':
      return (await import('./commands/wait.ts')).wait(context, command)
    case 'exec':
      return (await import('./commands/exec.ts')).exec(context, command)
    case 'serve':
      return (await import('./commands/serve.ts')).serve(context)
    case 'healthcheck':
      return (await import('./commands/healthcheck.ts')).healthcheck(context, command)
    case 'stamp':
      return (await import('./commands/stamp.ts')).stamp(context, command)
    case 'repair':
      return (await import('./commands/repair.ts')).repair(context, command)
    case 'adopt':
      return (await import('./commands/adopt.ts')).adopt(context, command)
    case 'sql':
      return (await import('./commands/sql.ts')).sql(context, command)
    case 'roundtrip':
      return (await import('./commands/roundtrip.ts')).roundtrip(context, command)
    case 'dump':
      return (await import('./commands/dump.ts')).dump(context, command)
    case 'doctor':
      return (await import('./commands/doctor.ts')).doctor(context, command)
    case 'unlock':
      return (await import('./commands/unlock.ts')).unlock(context, command)
    case 'new':
      return (await import('./commands/new.ts')).newMigration(context, command)
    case 'templates':
      return (await import('./commands/templates.ts')).templates(context, command)
    case 'manifest':
      return (await import('./commands/manifest.ts')).manifest(context, command)
    case 'version':
      return (await import('./commands/version.ts')).version(context, command)
  }
}

function reportError(error: unknown, config: Config | undefined): string {
  return errorReport(error, {
    format: config?.logFormat ?? earlyLogFormat(),
    colors: shouldColor(process.env, isTerminal('stderr')),
    redact: config?.redact ?? noRedaction,
    level: config?.logLevel ?? 'info',
  })
}
