/** What the command line hands to each verb. */
import type { Config } from '../config/config.ts'
import type { DatabaseUrl } from '../config/url.ts'
import type { Run } from '../engine/run.ts'
import type { Listener } from '../events.ts'

export interface CommandContext {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Colours for stdout. */
  readonly colors: boolean
  readonly emit: Listener
  /** Makes the run of this verb, on the configured database unless told. Throws no-url and its like. */
  openRun(url?: DatabaseUrl): Promise<Run>
  /** Writes to stdout, redacted, with one newline at the end. */
  print(text: string): void
  /** The same for a `--json` result: its values are redacted one by one, so that it stays JSON. */
  printJson(value: unknown): void
  /** Ends what tells of the run, so that another program can take over the terminal. */
  closeReporter(): Promise<void>
}
