/** The rows of `serve` and `healthcheck` in the table of verbs, and what follows the latter. */
import type { ReadArguments } from './flags.ts'

export const serveVerb = {
  summary: 'sidecar: up, then stay, with probes, metrics and a status page',
  details:
    'Listens first, so that probes are answered while it migrates: /healthz, /readyz, /metrics, /api/status and the page at /. Ready when every migration this image knows is applied. Reads only, once it has migrated. SIGTERM ends it with 0, or with the code of a failed run.',
  flags: [],
  examples: ['slipway serve', 'slipway serve --listen 0.0.0.0:7300 --token-file /run/secrets/token'],
} as const

export const healthcheckVerb = {
  summary: 'ask the serve of this host whether it is ready',
  details:
    'For probes in an image without curl. Exits with 0 if it is, 3 if it is not, 69 if nobody answers.',
  flags: [
    {
      flag: 'for',
      type: { kind: 'choice', values: ['ready', 'live'] },
      default: 'ready',
      doc: 'With live: only whether it answers.',
    },
    {
      flag: 'timeout',
      type: { kind: 'duration' },
      default: '2s',
      doc: 'How long to wait for the answer.',
    },
  ],
  examples: ['slipway healthcheck', 'slipway healthcheck --for live'],
} as const

export interface HealthcheckCommand {
  readonly verb: 'healthcheck'
  readonly for: 'ready' | 'live'
  readonly timeoutMs: number
}

/** undefined: neither of the words. */
export function readProbe({ values }: ReadArguments): HealthcheckCommand['for'] | undefined {
  const { flag, type, default: fallback } = healthcheckVerb.flags[0]
  const text = values.get(flag) ?? fallback
  return type.values.find((value) => value === text)
}
