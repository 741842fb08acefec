/** Whether a server is the one that is wanted: target_session_attrs, and a run that writes needs one that can be written. */
import type { SessionTarget } from '../../config/url.ts'
import { SlipwayError } from '../../errors.ts'
import { readFacts, type ServerFacts } from './facts.ts'
import type { Judge } from './hosts.ts'
import { whyUnsupported } from './supported.ts'

type Fitness = (facts: ServerFacts) => SlipwayError | undefined

/** One for each round over the hosts. Throws bad-setting where a run that writes is told to look for a server that reads. */
export function judgesFor(target: SessionTarget, intent: 'read' | 'write'): Judge[] {
  return fitnessesFor(target, intent).map((fitness) => (opened) => fitness(readFacts(opened.greeting)))
}

function fitnessesFor(target: SessionTarget, intent: 'read' | 'write'): Fitness[] {
  if (intent === 'write') return [requireWritableTarget(target)]
  switch (target) {
    case 'any':
      return [() => undefined]
    case 'read-write':
      return [refuseReadOnly]
    case 'read-only':
      return [
        (facts) =>
          refuseReadOnly(facts) === undefined ? mismatch(facts, 'allows writing', target) : undefined,
      ]
    case 'primary':
      return [(facts) => (facts.inRecovery ? refuseReadOnly(facts) : undefined)]
    case 'standby':
      return [refusePrimary]
    case 'prefer-standby':
      return [refusePrimary, () => undefined]
  }
}

function requireWritableTarget(target: SessionTarget): Fitness {
  if (target !== 'standby' && target !== 'read-only')
    return (facts) => whyUnsupported(facts.versionNumber, facts.version) ?? refuseReadOnly(facts)
  throw new SlipwayError(
    'bad-setting',
    `target_session_attrs=${target} looks for a server that cannot be written, and this run writes`,
    { hint: 'target_session_attrs=read-write, or leave it out' },
  )
}

function refuseReadOnly(facts: ServerFacts): SlipwayError | undefined {
  if (facts.inRecovery) return new SlipwayError('read-only', `${facts.database} is a replica in recovery`)
  if (!facts.readOnlyByDefault) return undefined
  const message = `default_transaction_read_only is on for ${facts.user} on ${facts.database}`
  return new SlipwayError('read-only', message)
}

function refusePrimary(facts: ServerFacts): SlipwayError | undefined {
  return facts.inRecovery ? undefined : mismatch(facts, 'is no replica', 'standby')
}

function mismatch({ database }: ServerFacts, what: string, target: SessionTarget): SlipwayError {
  return new SlipwayError(
    'unreachable',
    `${database} ${what}, and target_session_attrs=${target} is wanted`,
    {
      hint: 'name a server that fits in the URL, or leave target_session_attrs out',
    },
  )
}
