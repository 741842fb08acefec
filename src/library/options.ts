/** What a library's caller passes, and the configuration that it makes. */
import type { Config } from '../config/config.ts'
import type { SlipwayConfig } from '../config/config-type.ts'
import { loadConfig } from '../config/load.ts'
import { readHooks } from '../config/read-hooks.ts'
import { settingNames, settingOf } from '../config/settings.ts'
import { optionHint } from '../config/source.ts'
import { SlipwayError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { nearest } from '../plan/nearest.ts'

/**
 * The settings by the names that they have in `slipway.config.ts`, so that its content can be spread into them. Nothing
 * else counts: no variable, `.env` or config file, unless `env` is given.
 * @example { databaseUrl: 'postgres://shop@localhost/shop', dir: './migrations', lockTimeout: '30s' }
 */
export interface MigratorOptions extends SlipwayConfig {
  /** Where relative paths start; the working directory at the time of the call. */
  readonly cwd?: string | undefined
  /**
   * Variables to read settings from that no option gives, `SLIPWAY_*`, `DATABASE_URL` and `PG*`, and what migrations and
   * hooks get as their environment, and `pg_dump`, which is looked for on its `PATH`: usually `process.env`. Default: none.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Stops whatever runs, in good order: the statement is cancelled, the migration rolled back, the lock released. */
  readonly signal?: AbortSignal | undefined
  /** Called with every event, at once. What it throws becomes an uncaught exception, as with Node's EventTarget. */
  readonly onEvent?: Listener | undefined
}

/** Settings that are about a terminal or a process; there is neither here. */
const withoutEffect: readonly string[] = ['report', 'logFormat', 'logLevel']
const own: readonly string[] = ['cwd', 'env', 'signal', 'onEvent', 'hooks']

/** Throws bad-setting, bad-url, no-url and the like, naming the option. */
export function readOptions(options: MigratorOptions): { config: Config; cwd: string } {
  refuseUnknown(options)
  const cwd = options.cwd ?? process.cwd()
  const env = options.env ?? {}
  const { cwd: _cwd, env: _env, signal: _signal, onEvent: _onEvent, ...given } = options
  const settings = Object.fromEntries(Object.entries(given).filter(([name]) => !withoutEffect.includes(name)))
  const input = { flags: {}, env, cwd, stderrIsTTY: false }
  const sources = {
    flags: {},
    cwd,
    layers: options.env === undefined ? [] : [{ dotenv: undefined, variables: env }],
    options: settings,
    env: undefined,
    envProblem: undefined,
    fileWarnings: [],
  }
  const { hooks } = options
  const read = hooks === undefined ? undefined : readHooks(hooks, { where: '', folder: cwd })
  return { config: loadConfig(input, sources, read), cwd }
}

/** It would be an option that silently does nothing. */
function refuseUnknown(options: MigratorOptions): void {
  const known: readonly string[] = [
    ...own,
    ...settingNames.filter((name) => settingOf(name).beforeConfigFile !== true),
  ]
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new SlipwayError('bad-setting', `unknown option ${name}`, {
      hint: near === undefined ? optionHint : `did you mean ${near}?`,
    })
  }
}
