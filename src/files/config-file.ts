/** Loads slipway.config.*: the settings it exports, or why it cannot be used. */
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { types } from 'node:util'
import { isSlipwayError, messageOf, SlipwayError } from '../errors.ts'
import { normaliseText } from '../plan/checksum.ts'
import type { SourceFile } from '../plan/migration.ts'
import { withNeighbours } from './module-hook.ts'
import { readSourceFile, showPath } from './read-source.ts'
import { importFile } from './script.ts'
import { explainScriptError } from './script-error.ts'

export interface ConfigRequest {
  /** Absolute. */
  readonly path: string
  readonly cwd: string
  /** What a function that is exported gets. */
  readonly input: SlipwayConfigInput
  /** Its text holds passwords, and what it throws may repeat them. */
  readonly redactorFor: (text: string) => (message: string) => string
}

/** What the file gives to a function that it exports in place of an object. */
export interface SlipwayConfigInput {
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** SLIPWAY_ENV, else ENV, else NODE_ENV; dev and prod spelled out. */
  readonly environment: string | undefined
}

export interface LoadedConfig {
  /** For messages. */
  readonly shown: string
  /** Absolute, symbolic links resolved: that is where the file's own relative imports start, too. */
  readonly folder: string
  readonly values: Readonly<Record<string, unknown>>
}

/** A function may ask a secret manager, but must not keep a container from starting for ever. */
const deadlineMs = 30_000

/** Throws bad-config, without an excerpt: the line may hold a password. */
export async function loadConfigFile(request: ConfigRequest): Promise<LoadedConfig> {
  const shown = showPath(request.path, request.cwd)
  const path = realPathOf(request.path, shown)
  const source = readText(path, shown)
  const redact = request.redactorFor(source.text)
  const exported = path.endsWith('.json')
    ? parseJson(source)
    : await importSettings(source, path, redact).then((found) =>
        settle(found, { source, path, redact, request }),
      )
  if (isSettings(exported)) return { shown, folder: dirname(path), values: exported }
  throw badConfig(
    `${shown} must export an object of settings, or a function that returns one, not ${nameOf(exported)}`,
  )
}

function realPathOf(path: string, shown: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw badConfig(`there is no config file ${shown}`, {
      hint: 'correct SLIPWAY_CONFIG or --config, or write that file',
      cause: error,
    })
  }
}

function readText(path: string, shown: string): SourceFile {
  try {
    return { ...readSourceFile(path, dirname(path)), shown }
  } catch (error) {
    if (!isSlipwayError(error)) throw error
    throw badConfig(error.message.replace(showPath(path, dirname(path)), shown), { hint: error.hint })
  }
}

/** JSON.parse quotes the text around an error, which may be a password: only the place is told. */
function parseJson(source: SourceFile): unknown {
  const text = normaliseText(source.text)
  try {
    return JSON.parse(text)
  } catch (error) {
    const [, position] = /at position (\d+)/.exec(messageOf(error)) ?? []
    const before = text.slice(0, position === undefined ? text.length : Number(position)).split('\n')
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
    throw badConfig(`${source.shown} is not JSON`, {
      hint: 'correct it there: quotes around every key, no comma after the last one, no comments',
      location: { file: source.shown, ...place },
    })
  }
}

interface Script {
  readonly source: SourceFile
  readonly path: string
  readonly redact: (message: string) => string
  readonly request: ConfigRequest
}

async function importSettings(
  source: SourceFile,
  path: string,
  redact: (message: string) => string,
): Promise<unknown> {
  let exported: unknown
  try {
    exported = await importFile({ up: source, checksum: 'config' }, path)
  } catch (error) {
    throw explain(error, { source, path, redact })
  }
  if (!types.isModuleNamespaceObject(exported)) return unwrapCommonJs(exported)
  if (isSettings(exported) && 'default' in exported) return exported.default
  throw badConfig(`${source.shown} has no default export`, { hint: 'export default { … }' })
}

/** As TypeScript compiles `export default` to CommonJS. */
function unwrapCommonJs(exported: unknown): unknown {
  return isSettings(exported) && exported.__esModule === true ? exported.default : exported
}

async function settle(exported: unknown, script: Script): Promise<unknown> {
  const { source, path, request } = script
  const made = async () =>
    typeof exported === 'function' ? Reflect.apply(exported, undefined, [request.input]) : exported
  try {
    return await withNeighbours(dirname(path), () => inTime(made(), source.shown))
  } catch (error) {
    throw isSlipwayError(error) ? error : explain(error, script, 'failed')
  }
}

/** The timer keeps nothing alive: what can never settle ends the process, and that is told elsewhere. */
async function inTime(work: Promise<unknown>, shown: string): Promise<unknown> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(badConfig(`${shown} returned no settings within ${deadlineMs / 1000} s`))
  }, deadlineMs).unref()
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function explain(
  error: unknown,
  { source, path, redact }: Omit<Script, 'request'>,
  verb = 'cannot be imported',
): SlipwayError {
  const told = explainScriptError(error, { name: source.shown, up: source }, path)
  const isSyntax = told.code === 'script-syntax'
  const message = isSyntax ? told.message : `${source.shown} ${verb}: ${messageOf(error)}`
  const { excerpt: _, ...location } = told.facts.location ?? { file: source.shown }
  return badConfig(redact(message), {
    // The message names the file already.
    ...('line' in location ? { location } : {}),
    ...(isSyntax && told.facts.hint !== undefined ? { hint: told.facts.hint } : {}),
  })
}

function badConfig(message: string, facts: ConstructorParameters<typeof SlipwayError>[2] = {}): SlipwayError {
  return new SlipwayError('bad-config', message, { hint: 'correct it in that file', ...facts })
}

function isSettings(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}
