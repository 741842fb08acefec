/** The few colours slipway uses, by meaning. */
import { styleText } from 'node:util'

export type Tone = 'good' | 'bad' | 'caution' | 'faint' | 'strong' | 'plain'
export type Paint = (tone: Tone, text: string) => string

const styles = { good: 'green', bad: 'red', caution: 'yellow', faint: 'dim', strong: 'bold' } as const

/** `colors` is the whole decision (see shouldColor): the stream is not asked again. */
export function createPaint(colors: boolean): Paint {
  return (tone, text) => {
    if (!colors || tone === 'plain' || text === '') return text
    return styleText(styles[tone], text, { validateStream: false })
  }
}
