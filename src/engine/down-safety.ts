/** What has to be said before a down may run: that data may go, and that this is the database that was meant. */
import { type DatabaseUrl, isSocketDirectory } from '../config/url.ts'
import { SlipwayError } from '../errors.ts'
import type { DownSurvey } from './down.ts'
import { describeLoss, isDataLoss } from './down-losses.ts'
import type { Run } from './run.ts'

export interface SafetyOptions {
  readonly allowsLoss: boolean
  /** As typed. */
  readonly confirmed: string | undefined
  /** `--no-safety-checks` */
  readonly isOff: boolean
  /** What was typed, with more to it. */
  readonly retype: (flags: string) => string
}

/** Undefined: nothing will be lost that holds anything, or it may be. */
export function refuseLoss(
  { losses }: Pick<DownSurvey, 'losses'>,
  { allowsLoss, isOff, retype }: SafetyOptions,
): SlipwayError | undefined {
  if (allowsLoss || isOff) return undefined
  const lost = losses.filter(isDataLoss)
  if (lost.length === 0) return undefined
  const list = lost.map((loss) => `${loss.migration} ${describeLoss(loss)}`)
  return new SlipwayError('data-loss', `data would be lost: ${list.join('; ')}`, {
    hint: `take a backup (--backup), then: ${retype('--allow-data-loss')}`,
  })
}

/** Why this database wants its name said; undefined if it does not. */
export function whyConfirm({ config, url }: Run): string | undefined {
  if (config.env === 'production') return 'the environment is production'
  return isOnThisHost(url) ? undefined : 'the server is not on this host'
}

/** Undefined: it was said, need not be, or there is somebody to ask. */
export function refuseUnconfirmed(
  run: Run,
  database: string,
  { confirmed, isOff, retype }: SafetyOptions,
  canAsk: boolean,
): SlipwayError | undefined {
  if (isOff) return undefined
  const hint = retype(`--confirm ${database}`)
  if (confirmed !== undefined && confirmed !== database)
    return new SlipwayError(
      'not-confirmed',
      `--confirm names ${confirmed}, and the database is ${database}`,
      {
        hint: 'make sure that it is the right database',
      },
    )
  const why = confirmed === undefined ? whyConfirm(run) : undefined
  if (why === undefined || canAsk) return undefined
  return new SlipwayError('not-confirmed', `${why}: going back on ${database} has to be confirmed`, { hint })
}

function isOnThisHost(url: DatabaseUrl): boolean {
  if (url.dialect === 'sqlite') return true
  return url.hosts.every(({ host, address }) => isSocketDirectory(host) || isLoopback(address ?? host))
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
