/** The list of templates, for a person. Pure; the caller redacts and writes. */
import { createPaint } from './paint.ts'
import { joinGroups } from './result-lines.ts'
import type { TextOptions } from './results.ts'

export interface ListedTemplate {
  readonly name: string
  readonly source: 'slipway' | 'project'
  readonly summary: string
  /** `--table TABLE` */
  readonly required: readonly string[]
  readonly optional: readonly string[]
  /** `typescript`, `sql for sqlite`; of the project's own `script`, `sql`. */
  readonly languages: readonly string[]
  readonly example: string
}

export function templateListText(templates: readonly ListedTemplate[], { colors }: TextOptions): string {
  const paint = createPaint(colors)
  const width = Math.max(...templates.map(({ name }) => name.length))
  const groups = templates.map(({ name, summary, source, required, optional }) => {
    const flags = [...required, ...optional.map((flag) => `[${flag}]`)].join(' ')
    const whose = source === 'project' ? ' (of this project)' : ''
    const line = `${name.padEnd(width)}  ${summary}${whose}`
    return flags === '' ? [line] : [line, paint('faint', `${' '.repeat(width + 2)}${flags}`)]
  })
  const end = [
    'slipway new NAME --template TEMPLATE [flags] [--sql | --pair]; docs/templates.md explains each',
  ]
  return joinGroups([groups.flat(), end])
}
