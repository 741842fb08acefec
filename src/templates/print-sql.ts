/** A step as SQL: one file, or one for each direction. */
import type { SqlStep } from './template.ts'

export function printSql({ about, words = '', up, down }: SqlStep): string {
  const options = words === '' ? '' : ` ${words}`
  const parts = [comment(about), `-- migrate:up${options}\n${statements(up)}`]
  if (down !== undefined) parts.push(`-- migrate:down${options}\n${statements(down)}`)
  return parts.filter((part) => part !== '').join('\n')
}

/** The marker is needed where it carries options. */
export function printSqlPair({ about, words = '', up, down }: SqlStep): {
  up: string
  down: string | undefined
} {
  const marker = (direction: 'up' | 'down') => (words === '' ? '' : `-- migrate:${direction} ${words}\n`)
  const head = comment(about)
  const top = head === '' ? '' : `${head}\n`
  return {
    up: `${top}${marker('up')}${statements(up)}`,
    down: down === undefined ? undefined : `${marker('down')}${statements(down)}`,
  }
}

function statements(texts: readonly string[]): string {
  return texts.length === 0 ? '\n' : texts.map((text) => `${text};\n`).join('')
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => `${`-- ${line}`.trimEnd()}\n`).join('')
}
