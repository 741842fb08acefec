/** Stand-in until the real one is merged: knows the markers, not strings or comments. */
import { SqlSyntaxError } from './statement.ts'

export interface Section {
  readonly text: string
  readonly offset: number
  readonly options: Readonly<Record<string, string>>
}

export interface Sections {
  readonly up: Section
  readonly down?: Section
}

export function parseDirectives(text: string, _dialect: 'postgres' | 'sqlite' = 'postgres'): Sections {
  const markers = [...text.matchAll(/^--[ \t]*migrate:(up|down)[ \t]*(.*)\n?/gim)]
  const [up, down, more] = markers
  if (up === undefined) return { up: { text, offset: 0, options: {} } }
  if (up[1] !== 'up') throw new SqlSyntaxError('-- migrate:down comes before -- migrate:up', up.index)
  if (more !== undefined || down?.[1] === 'up')
    throw new SqlSyntaxError('a second -- migrate:up', (more ?? up).index)
  const section = (marker: RegExpExecArray, end: number | undefined): Section => {
    const offset = marker.index + marker[0].length
    const words = (marker[2] ?? '').split(/\s+/).filter(Boolean)
    const options = Object.fromEntries(words.map((word) => word.split(':', 2) as [string, string]))
    return { text: text.slice(offset, end), offset, options }
  }
  return { up: section(up, down?.index), ...(down && { down: section(down, undefined) }) }
}
