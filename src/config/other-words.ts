/** Verbs of other migration tools, and what to type here instead. */

const up = 'slipway up'
const status = 'slipway status'
const create = 'slipway new NAME'
const verify = 'slipway verify'
const undo = 'slipway down'
const undoAll = 'slipway down --to base'

const instead: ReadonlyMap<string, string> = new Map([
  ['migrate', up],
  ['upgrade', up],
  ['deploy', up],
  ['latest', up],
  ['apply', up],
  ['run', up],
  ['init', `nothing to set up, its table is made by: ${up}`],
  ['current', status],
  ['info', status],
  ['list', status],
  ['validate', verify],
  ['check', verify],
  ['log', 'slipway history'],
  ['start', 'slipway exec -- COMMAND'],
  ['revision', create],
  ['create', create],
  ['generate', create],
  ['make', create],
  ['add', create],
  ['downgrade', undo],
  ['rollback', undo],
  ['revert', undo],
  ['undo', undo],
  ['baseline', 'slipway dump --baseline'],
  ['squash', 'slipway dump --baseline'],
  ['redo', 'slipway down && slipway up'],
  ['reset', undoAll],
  ['clean', undoAll],
  ['goto', 'slipway up --to TARGET'],
  ['force', 'slipway stamp TARGET'],
  ['mark', 'slipway stamp TARGET'],
  ['resolve', 'slipway repair'],
  ['import', 'slipway adopt'],
  ['plan', 'slipway up --dry-run'],
  ['script', 'slipway sql'],
  ['heads', status],
  ['show', 'slipway history'],
])

/** What someone who typed another tool's verb should type; undefined for words no tool uses. */
export function hintForOtherTool(word: string): string | undefined {
  return instead.get(word.toLowerCase())
}
