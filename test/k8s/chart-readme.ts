/**
 * k8s/chart/README.md: what is written there by hand, and the table of values, which comes from the comments in values.yaml.
 * `node test/k8s/chart-readme.ts` writes it; chart-readme.test.ts says when it is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { yaml } from './packages.ts'

const chart = join(import.meta.dirname, '../../k8s/chart')
const path = join(chart, 'README.md')
const [begin, end] = ['<!-- values: node test/k8s/chart-readme.ts -->', '<!-- /values -->']

export interface ValueRow {
  readonly name: string
  readonly value: unknown
  readonly doc: string
}

/** Leaves, and maps and lists that have a comment of their own. */
export function readValues(text: string): ValueRow[] {
  const [document] = yaml.parseAllDocuments(text)
  return rowsOf(document?.contents, '')
}

function rowsOf(node: unknown, prefix: string): ValueRow[] {
  if (!yaml.isMap(node)) return []
  return node.items.flatMap(({ key, value }, index) => {
    const name = `${prefix}${yaml.isScalar(key) ? key.value : ''}`
    // The YAML package gives the comment of the first key to the map.
    const comment =
      (yaml.isScalar(key) ? key.commentBefore : undefined) ?? (index === 0 ? node.commentBefore : undefined)
    const doc = /^ ?-- (.*)$/s.exec(comment ?? '')?.[1]?.replace(/\n\s*/g, ' ') ?? ''
    const inner = yaml.isMap(value) && value.items.length > 0 ? value : undefined
    if (inner !== undefined && doc === '') return rowsOf(inner, `${name}.`)
    return [{ name, value: (value as { toJSON?(): unknown } | null)?.toJSON?.() ?? null, doc }]
  })
}

export function renderReadme(): string {
  const rows = readValues(readFileSync(join(chart, 'values.yaml'), 'utf8')).map(
    ({ name, value, doc }) =>
      `| \`${name}\` | \`${JSON.stringify(value).replaceAll('|', '\\|')}\` | ${doc} |`,
  )
  const table = ['| Value | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n')
  const before = readFileSync(path, 'utf8')
  const [head, rest] = before.split(begin)
  const tail = rest?.split(end)[1]
  if (head === undefined || tail === undefined) throw new Error(`${path} has no place for the values`)
  return `${head}${begin}\n\n${table}\n\n${end}${tail}`
}

if (import.meta.main) writeFileSync(path, renderReadme())
