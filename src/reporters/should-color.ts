/** What the terminal can do, read from the environment once. */

type Environment = Readonly<Record<string, string | undefined>>

/**
 * FORCE_COLOR decides where it is set (`0` and `false` mean no), then NO_COLOR (https://no-color.org: set and not
 * empty), then NODE_DISABLE_COLORS and TERM=dumb, then whether the stream is a terminal.
 */
export function shouldColor(env: Environment, isTTY: boolean): boolean {
  const forced = env.FORCE_COLOR
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  if (isSet(env.NO_COLOR) || isSet(env.NODE_DISABLE_COLORS)) return false
  return isTTY && env.TERM !== 'dumb'
}

/** Whether a line can be drawn again in place. A dumb terminal is a TTY without cursor movement. */
export function canRedraw(env: Environment, isTTY: boolean): boolean {
  return isTTY && env.TERM !== 'dumb'
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}
