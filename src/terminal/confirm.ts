/** Asks before something is changed. A terminal is asked; a pipe never guesses. */
import { createInterface } from 'node:readline/promises'
import { type ErrorFacts, SlipwayError } from '../errors.ts'
import { shellWord } from '../plan/shell.ts'

export interface Proposal {
  /** What would be done, as the rest of a sentence: `record 2 migrations as applied: a, b`. */
  readonly what: string
  /** The same for a terminal, in as many lines as it takes. */
  readonly shown: string
  /** What else the error holds when nobody can be asked, such as a diff. */
  readonly facts?: ErrorFacts
  readonly signal: AbortSignal
}

/** Returns after a yes. Throws not-confirmed, and the signal's reason when the process is told to stop meanwhile. */
export async function confirm(verb: string, { what, shown, facts, signal }: Proposal): Promise<void> {
  if (!canAsk())
    throw new SlipwayError('not-confirmed', `slipway ${verb} would ${what}; there is no terminal to ask`, {
      ...facts,
      hint: commandWithYes(process.argv.slice(2)),
    })
  process.stderr.write(`${shown.trimEnd()}\n\n`)
  const answer = await ask('Go on? [y/N] ', signal)
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new SlipwayError('not-confirmed', `slipway ${verb} was not confirmed; nothing was changed`)
}

export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** Returns after the name was typed. Throws not-confirmed, and the signal's reason. */
export async function confirmName(
  name: string,
  { why, signal }: { readonly why: string; readonly signal: AbortSignal },
): Promise<void> {
  const answer = await ask(`${why}. Type the name of the database to go on: `, signal)
  if (answer.trim() === name) return
  throw new SlipwayError(
    'not-confirmed',
    `the name of the database, ${name}, was not typed; nothing was changed`,
  )
}

/** What was typed, with more flags. Arguments hold no password: one given as a flag is refused. `steps`: in place of how far. */
export function retype(flags: string, { steps }: { readonly steps?: number } = {}): string {
  const typed = process.argv.slice(2)
  const isHowFar = (word: string | undefined) => word === '--steps' || word === '--to'
  const words =
    steps === undefined
      ? typed
      : typed.filter((word, index) => !/^--(?:steps|to)(?:=|$)/.test(word) && !isHowFar(typed[index - 1]))
  const rest = steps === undefined ? [] : ['--steps', String(steps)]
  return `slipway ${[...words, ...rest].map(shellWord).join(' ')} ${flags}`
}

/** Empty when the input ends without an answer. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = Promise.withResolvers<string>()
  terminal.on('SIGINT', () => answer.reject(new SlipwayError('interrupted', 'stopped by SIGINT')))
  terminal.on('close', () => answer.resolve(''))
  terminal.question(question, { signal }).then(answer.resolve, () => answer.reject(signal.reason))
  try {
    return await answer.promise
  } finally {
    terminal.close()
  }
}

/** What was typed, with --yes where a flag may stand. Arguments hold no password: one given as a flag is refused. */
function commandWithYes([verb = '', ...rest]: readonly string[]): string {
  const words = rest.includes('--') ? [verb, '--yes', ...rest] : [verb, ...rest, '--yes']
  return ['slipway', ...words.map(shellWord)].join(' ')
}
