/** The row of `dump` in the table of verbs, and its arguments. */
import { SlipwayError } from '../errors.ts'
import type { ReadArguments } from './flags.ts'

export const dumpVerb = {
  summary: 'write the schema as a baseline, with which empty databases begin',
  arguments: '--baseline',
  details:
    'Writes baseline.<version>.sql, up to the newest applied migration, into the folder of migrations: the schema, and a line for each migration that it stands for. Refused where one before it is pending, or any did not finish. On PostgreSQL by pg_dump. The database is only read.',
  flags: [
    { flag: 'baseline', type: { kind: 'boolean' }, doc: 'What to write. Needed.' },
    {
      flag: 'output',
      type: { kind: 'string', placeholder: 'FILE' },
      doc: 'Another file than that, or - for stdout.',
    },
    { flag: 'force', type: { kind: 'boolean' }, doc: 'Write over a file that is there.' },
    { flag: 'owner', type: { kind: 'boolean' }, doc: 'Keep who owns what (PostgreSQL).' },
  ],
  examples: ['slipway dump --baseline', 'slipway dump --baseline --output -'],
} as const

export interface DumpCommand {
  readonly verb: 'dump'
  /** `-` is stdout; undefined: the place where `up` looks for it. */
  readonly output: string | undefined
  readonly force: boolean
  readonly owners: boolean
}

/** Throws bad-argument. */
export function readDump({ values }: ReadArguments): DumpCommand {
  const has = (flag: string) => values.get(flag) === 'true'
  if (!has('baseline'))
    throw new SlipwayError('bad-argument', 'slipway dump writes baselines: give --baseline', {
      hint: 'slipway dump --baseline',
    })
  return { verb: 'dump', output: values.get('output'), force: has('force'), owners: has('owner') }
}
