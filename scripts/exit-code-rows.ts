import type { ExitCode } from '../src/errors.ts'

interface ExitCodeRow {
  readonly meaning: string
  /** Action in a Job's podFailurePolicy: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */
  readonly job: string
}

/** One row per exit code of slipway, for docs/errors.md. */
export const exitCodeRows: Readonly<Record<ExitCode, ExitCodeRow>> = {
  0: { meaning: 'done, or nothing to do', job: '–' },
  1: { meaning: 'a bug in slipway', job: 'Count' },
  3: {
    meaning:
      'migrations are pending: `status --exit-code`, `wait` out of time, a backfill that stopped at `--max-duration`, or a `serve` that is not ready',
    job: 'Count',
  },
  64: { meaning: 'usage: verb, flag or argument', job: 'FailJob' },
  65: {
    meaning:
      'history and files disagree: changed, missing, late, a dependency, breaking ahead, a foreign table',
    job: 'FailJob',
  },
  66: {
    meaning:
      'migrations are missing, unreadable, misnamed, duplicate, in the future, or do not parse or load',
    job: 'FailJob',
  },
  69: { meaning: 'the database, or for `healthcheck` the `serve`, was not reachable in time', job: 'Count' },
  70: { meaning: 'a migration failed and was rolled back, or a hook failed', job: 'FailJob' },
  73: {
    meaning: 'the SQLite file or its directory is not writable, or a file to write is there already',
    job: 'FailJob',
  },
  75: {
    meaning:
      'run lock or table locks not obtained, session lost, or a passing error that did not pass in time',
    job: 'Count',
  },
  77: { meaning: 'authentication, privilege or TLS, before work began', job: 'FailJob' },
  78: { meaning: 'configuration; a pooler or the client program is in the way', job: 'FailJob' },
  79: { meaning: 'a human is needed: unfinished, or refused by a safety check', job: 'FailJob' },
  80: { meaning: 'a check found something', job: 'FailJob' },
  130: { meaning: 'stopped by SIGINT, cleanly', job: 'Ignore on DisruptionTarget' },
  143: { meaning: 'stopped by SIGTERM, cleanly', job: 'Ignore on DisruptionTarget' },
}
