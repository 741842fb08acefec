/** The arguments of `adopt`. */
import { messageOf, SlipwayError } from '../errors.ts'
import { type ForeignTool, foreignTools, isForeignTool } from '../plan/adopt/names.ts'
import { nearest } from '../plan/nearest.ts'
import { parseName } from '../sql/quote.ts'
import { helpHint, type ReadArguments } from './flags.ts'
import { showValue } from './show-value.ts'

export interface AdoptCommand {
  readonly verb: 'adopt'
  readonly from: ForeignTool | undefined
  readonly table: string | undefined
  readonly convert: boolean
  readonly dryRun: boolean
  readonly json: boolean
  readonly yes: boolean
}

/** Throws bad-value. */
export function readAdopt({ values }: ReadArguments): AdoptCommand {
  const has = (flag: string) => values.get(flag) === 'true'
  const word = values.get('from')
  const tool = word === undefined ? undefined : findTool(word)
  if (word !== undefined && tool === undefined) {
    const near = nearest(word.toLowerCase(), foreignTools)
    throw new SlipwayError('bad-value', `--from must be ${foreignTools.join(', ')}, not ${showValue(word)}`, {
      hint: near === undefined ? helpHint('adopt') : `slipway adopt --from ${near}`,
    })
  }
  return {
    verb: 'adopt',
    from: tool,
    table: readTable(values.get('from-table')),
    convert: has('convert'),
    dryRun: has('dry-run'),
    json: has('json'),
    yes: has('yes'),
  }
}

/** What people call it: `Flyway`, `pg-migrate`, `migrate`. */
function findTool(word: string): ForeignTool | undefined {
  const plain = word.toLowerCase()
  const other: Readonly<Record<string, ForeignTool>> = {
    migrate: 'golang-migrate',
    'pg-migrate': 'node-pg-migrate',
  }
  return isForeignTool(plain) ? plain : other[plain]
}

function readTable(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    parseName(text)
    return text
  } catch (error) {
    throw new SlipwayError('bad-value', `--from-table: ${messageOf(error)}`, { hint: helpHint('adopt') })
  }
}
